import { expect, test } from "vitest";
import { verdictOf } from "./checkov.ts";

const account = "Microsoft.Storage/storageAccounts";
const waivers = [
  {
    ...{ check: "CKV_AZURE_59", resources: ["st*"], reason: "Its firewall lets nobody else in" },
    ...{ since: "2026-11-29", expires: "2027-05-31" },
  },
];
const output = (...found: [check: string, resource: string][]) =>
  JSON.stringify({
    results: { failed_checks: found.map(([check_id, resource]) => ({ check_id, check_name: "asks", resource })) },
    summary: { passed: 7, resource_count: 3 },
  });
const template = (properties: unknown) =>
  JSON.stringify({ resources: [{ type: account, name: "stdev", properties, apiVersion: "2024-01-01" }] });
const finding = (check: string, name = "stdev") => ({ check, name: "asks", resource: `${account}.${name}` });

const verdict = (properties: unknown, day: string, ...found: [string, string][]) =>
  verdictOf(output(...found), template(properties), waivers, day);

test("a finding counts unless its check is waived for the resource, until the waiver expires", () => {
  const found: [string, string][] = [
    ["CKV_AZURE_59", `${account}.stdev`],
    ["CKV_AZURE_59", `${account}.other`],
    ["CKV_AZURE_3", `${account}.stdev`],
  ];
  const open = [finding("CKV_AZURE_59", "other"), finding("CKV_AZURE_3")];
  expect(verdict({}, "2027-05-31", ...found)).toEqual({
    ...{ open, waived: [finding("CKV_AZURE_59")], undecided: [] },
    ...{ passed: 7, resources: 3 },
  });
  expect(verdict({}, "2027-06-01", ...found).open).toEqual([finding("CKV_AZURE_59"), ...open]);
});

test.each([
  ["all properties are", "[parameters('notYetKnown')]", true],
  ["one property is", { networkAcls: "[parameters('notYetKnown')]" }, true],
  ["only an ID is", { networkAcls: { virtualNetworkRules: [{ id: "[parameters('notYetKnown')]" }] } }, false],
])("where %s not known yet a finding is undecided: %s", (_, properties, undecided) => {
  const { open, undecided: later } = verdict(properties, "2027-01-01", ["CKV_AZURE_35", `${account}.stdev`]);
  expect([open.length, later.length]).toEqual(undecided ? [0, 1] : [1, 0]);
});

test("a template that Checkov could not read has no verdict", () => {
  const failed = {
    results: { failed_checks: [], parsing_errors: ["/a.json"] },
    summary: { passed: 0, resource_count: 0 },
  };
  expect(() => verdictOf(JSON.stringify(failed), template({}), waivers, "2027-01-01")).toThrow(
    "could not read /a.json",
  );
});
