import { expect, test, vi } from "vitest";
import { parseWaivers, today, waiverFor, waiverRule } from "./waivers.ts";

const waiver = {
  policy: "names",
  resources: ["*-vmss", "network-vnet"],
  reason: "They were there before the rule was",
  since: "2026-11-29",
  expires: "2027-05-31",
};
const file = (...policies: object[]) => JSON.stringify({ policies, checkov: [] });
const read = (...policies: object[]) => parseWaivers(file(...policies), ["names", "tags"]).policies;

test("a waiver is about the resources and stacks that it names, from its first day to its last", () => {
  const waivers = read({ ...waiver, stacks: ["dev"] });
  const waived = (name: string, stack: string, day: string, policy = "names") =>
    waiverFor(waivers, policy, { name, stack }, day) !== undefined;
  expect(waived("front-vmss", "dev", "2027-05-31")).toBe(true);
  expect(waived("network-vnet", "dev", "2026-12-01")).toBe(true);
  expect(waived("network-vnet-2", "dev", "2026-12-01")).toBe(false);
  expect(waived("front-vmss", "prod", "2026-12-01")).toBe(false);
  expect(waived("front-vmss", "dev", "2026-12-01", "tags")).toBe(false);
  expect(waived("front-vmss", "dev", "2027-06-01")).toBe(false);
  expect(waived("front-vmss", "dev", "2026-11-29")).toBe(true);
  expect(waived("front-vmss", "dev", "2026-11-28")).toBe(false);
});

test("a waiver that has expired is a violation, in its stacks", () => {
  const waivers = read({ ...waiver, stacks: ["dev"] });
  const told = (stack: string, day: string) =>
    waiverRule(waivers, day).checkStack([
      {
        ...{ stack, name: "x", type: "x", urn: "x", components: [], inputs: {}, protect: false },
        ...{ parent: undefined, madeOf: () => [] },
      },
    ]);
  expect(told("dev", "2027-05-31")).toEqual([]);
  expect(told("prod", "2027-06-01")).toEqual([]);
  expect(told("dev", "2027-06-01")).toEqual([
    { message: "names of *-vmss, network-vnet was waived until 2027-05-31: They were there before the rule was" },
  ]);
});

test("another day is one that exists", () => {
  vi.stubEnv("PLATFORM_POLICY_DATE", "2027-12-01");
  expect(today()).toBe("2027-12-01");
  vi.stubEnv("PLATFORM_POLICY_DATE", "tomorrow");
  expect(today).toThrow("PLATFORM_POLICY_DATE: given tomorrow, allowed is a day that exists");
  vi.unstubAllEnvs();
});

test.each([
  ["of no policy", { ...waiver, policy: "nothing" }, "policies: given nothing, allowed are names, tags"],
  ["without a reason", { ...waiver, reason: "because" }, "policies.0.reason: given because, allowed is a reason that"],
  [
    "for ever",
    { ...waiver, expires: "2099-01-01" },
    "policies.0.expires: given 2099-01-01, allowed is a day after 2026-11-29, by at most 366 days",
  ],
  [
    "that ends before it begins",
    { ...waiver, expires: "2026-01-01" },
    "policies.0.expires: given 2026-01-01, allowed is a day after 2026-11-29",
  ],
  [
    "until a day that does not exist",
    { ...waiver, expires: "2027-02-30" },
    "policies.0.expires: given 2027-02-30, allowed is a day that exists",
  ],
  ["of nothing", { ...waiver, resources: [] }, "policies.0.resources: "],
  [
    "of everything",
    { ...waiver, resources: ["front-vmss", "**"] },
    "policies.0.resources.1: given **, allowed is a name",
  ],
  ["with a field too many", { ...waiver, forever: true }, "policies.0: "],
])("a waiver %s is refused, with the field", (_, given, message) => {
  expect(() => read(given)).toThrow(message);
});
