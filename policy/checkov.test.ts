import { expect, test } from "vitest";
import { verdictOf } from "./checkov.ts";

const account = "Microsoft.Storage/storageAccounts";
const waivers = [
  {
    ...{ check: "CKV_AZURE_59", resources: ["st*"], reason: "Its firewall lets nobody else in" },
    ...{ since: "2026-11-29", expires: "2027-05-31" },
  },
];
type Found = [check: string, resource: string, keys?: string[]];
const output = (...found: Found[]) =>
  JSON.stringify({
    results: {
      failed_checks: found.map(([check_id, resource, evaluated_keys = []]) => ({
        ...{ check_id, check_name: "asks", resource },
        check_result: { result: "FAILED", evaluated_keys },
      })),
    },
    summary: { passed: 7, resource_count: 3 },
  });
const template = (properties: unknown) =>
  JSON.stringify({ resources: [{ type: account, name: "stdev", properties, apiVersion: "2024-01-01" }] });
const finding = (check: string, name = "stdev") => ({ check, name: "asks", resource: `${account}.${name}` });

const verdict = (properties: unknown, day: string, ...found: Found[]) =>
  verdictOf(output(...found), template(properties), waivers, day);

test("a finding counts unless its check is waived for the resource, from the waiver's first day to its last", () => {
  const found: Found[] = [
    ["CKV_AZURE_59", `${account}.stdev`],
    ["CKV_AZURE_59", `${account}.other`],
    ["CKV_AZURE_3", `${account}.stdev`],
  ];
  const open = [finding("CKV_AZURE_59", "other"), finding("CKV_AZURE_3")];
  expect(verdict({}, "2027-05-31", ...found)).toEqual({
    ...{ open, waived: [finding("CKV_AZURE_59")], undecided: [] },
    ...{ used: new Set(waivers), passed: 7, resources: 3 },
  });
  expect(verdict({}, "2026-11-28", ...found).open).toEqual([finding("CKV_AZURE_59"), ...open]);
  expect(verdict({}, "2027-06-01", ...found).open).toEqual([finding("CKV_AZURE_59"), ...open]);
});

const unknown = "[parameters('notYetKnown')]";
const acls = "properties/networkAcls";

test.each([
  ["all properties are not known yet", unknown, ["properties/kind"], true],
  ["what it is about is not known yet", { networkAcls: unknown }, ["properties", `${acls}/defaultAction`], true],
  ["it does not say what it is about, and a property is not known yet", { networkAcls: unknown }, [], true],
  ["another property is not known yet", { networkAcls: unknown }, ["properties/supportsHttpsTrafficOnly"], false],
  ["only an ID is not known yet", { networkAcls: { virtualNetworkRules: [{ id: unknown }] } }, [acls], false],
])("where %s a finding is undecided: %4$s", (_, properties, keys, undecided) => {
  const found: Found = ["CKV_AZURE_35", `${account}.stdev`, keys];
  const { open, undecided: later } = verdict(properties, "2027-01-01", found);
  expect([open.length, later.length]).toEqual(undecided ? [0, 1] : [1, 0]);
});

test.each([
  ["no JSON", "resources:", "given no ARM template, allowed is a file of bin/delivery template"],
  ["something else", "{}", "given no ARM template, allowed is"],
  ["a template of nothing", JSON.stringify({ resources: [] }), "Checkov finds nothing to check in it"],
])("%s has no verdict", (_, text, reason) => {
  const nothing = {
    ...{ passed: 0, failed: 0, skipped: 0, parsing_errors: 0 },
    resource_count: 0,
    checkov_version: "3",
  };
  expect(() => verdictOf(JSON.stringify(nothing), text, waivers, "2027-01-01")).toThrow(reason);
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
