import { describe, expect, test } from "vitest";
import { recordOf, step } from "./gitlab/testing/records.ts";
import { parseRecord, type PreviewRecord, widgetOf } from "./record.ts";

const read = (record: PreviewRecord) => parseRecord(JSON.stringify(record));
const playbook = "platform:configuration:Playbook$command:local:Command";
const scaleSet = "azure-native:compute:VirtualMachineScaleSet";
const of = (types: string, exempt: string[]) =>
  step("update", "one", { urn: `urn:pulumi:prod::platform::${types}::one`, type: types.split("$").at(-1), exempt });

test("a record is read as it was written", () => {
  const record = recordOf([
    step("create", "back"),
    step("replace", "a::b"),
    of(playbook, ["playbook"]),
    of(`platform:components:TierHAG$${scaleSet}`, ["capacity"]),
  ]);
  expect(read(record)).toEqual(record);
});

test("GitLab's widget tells a replacement as a creation and a deletion, and of a preview that failed no counts", () => {
  const steps = [step("create", "a"), step("update", "b"), step("replace", "c"), step("delete", "d")];
  expect(widgetOf(recordOf(steps))).toEqual({ create: 2, update: 1, delete: 2 });
  expect(widgetOf(recordOf(steps, { outcome: "failed" }))).toEqual({});
});

test("a record whose values are nested too deep for what reads them is none", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const text = (levels: number) =>
    JSON.stringify(recordOf([step("create", "a", { changes: [{ path: "p", kind: "add", after: "VALUE" }] })])).replace(
      '"VALUE"',
      nested(levels),
    );
  expect(parseRecord(text(50)).steps).toHaveLength(1);
  expect(() => parseRecord(text(100_000))).toThrow("it has more than 100 levels");
});

const many = [...Array(10_001).keys()];
const add = (path: string) => ({ path, kind: "add" as const, after: 1 });

describe("a record is refused that says of itself", () => {
  const one = recordOf([step("delete", "back")]);
  test.each<[string, PreviewRecord, RegExp]>([
    ["fewer steps than it has", { ...one, counts: { ...one.counts, delete: 0 } }, /given 0, its steps are 1/],
    ["more steps than it has", { ...one, counts: { ...one.counts, create: 1 } }, /given 1, its steps are 0/],
    [
      "another type than its URN's",
      recordOf([step("delete", "back", { type: scaleSet })]),
      /given azure-native:compute/,
    ],
    ["another name than its URN's", recordOf([step("delete", "back", { name: "front" })]), /given front/],
    ["an exemption that there is not", recordOf([of(playbook, ["all"])]), /given all, .* is playbook/],
    ["an exemption of another type", recordOf([of(scaleSet, ["playbook"])]), /given playbook, .* is capacity/],
    [
      "more changes than a step has",
      recordOf([step("update", "back", { changes: many.map((at) => add(`p${at}`)) })]),
      /10000/,
    ],
    ["more steps than a stack has", recordOf(many.map((at) => step("create", `n${at}`))), /10000/],
    ["an exemption of any command", recordOf([of("command:local:Command", ["playbook"])]), /is no exemption/],
  ])("%s", (_, record, message) => {
    expect(() => read(record)).toThrow(message);
  });
});
