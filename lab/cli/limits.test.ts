import { expect, test } from "vitest";
import { usualLimits } from "../arm/limits.ts";
import { changeOf, describeLimits } from "./limits.ts";

test("the options are read as regions, families, sizes and zones", () => {
  expect(
    changeOf({
      cores: ["westeurope=20", "westeurope/standardBsv2Family=10"],
      restrict: ["Standard_B2als_v2=3", "westeurope/Standard_D2s_v5"],
      deny: ["Microsoft.Compute/*"],
    }),
  ).toEqual({
    cores: [
      { region: "westeurope", limit: 20 },
      { region: "westeurope", family: "standardBsv2Family", limit: 10 },
    ],
    restrict: [
      { region: "*", size: "Standard_B2als_v2", zones: ["3"] },
      { region: "westeurope", size: "Standard_D2s_v5" },
    ],
    deny: ["Microsoft.Compute/*"],
  });
  expect(changeOf({})).toBeUndefined();
});

test.each([
  [{ cores: ["20"] }, "--cores 20: allowed are REGION=CORES"],
  [{ cores: ["westeurope=many"] }, "--cores westeurope=many: allowed are REGION=CORES"],
  [{ cores: ["atlantis=20"] }, "region 'atlantis': allowed are * and westeurope"],
  [{ restrict: ["Standard_B2als_v2=4"] }, "zones are 1, 2 and 3"],
  [{ allow: ["a/b/c"] }, "size a/b/c: allowed is [REGION/]SIZE[=ZONES]"],
])("%j is refused before anything is started", (options, message) => {
  expect(() => changeOf(options)).toThrow(message);
});

test("limits are shown beside what is used of them", () => {
  const shown = describeLimits({
    limits: {
      ...usualLimits,
      restrictions: [{ region: "*", size: "Standard_B2als_v2", zones: ["3"] }],
      denied: ["A.B/*"],
    },
    usages: [
      { region: "*", limit: 1000 },
      { region: "westeurope", used: 18, limit: 20 },
      { region: "westeurope", family: "standardBsv2Family", used: 18, limit: 10 },
    ],
  });
  expect(shown).toMatch(/every region\s+all\s+1000/);
  expect(shown).toMatch(/westeurope\s+standardBsv2Family\s+18\s+10/);
  expect(shown).toMatch(/Standard_B2als_v2\s+every region\s+3/);
  expect(shown).toContain("not registered: Microsoft.Compute/EncryptionAtHost\ndenied: A.B/*");
});
