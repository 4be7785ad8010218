import { expect, test } from "vitest";
import { recordOf, step } from "../gitlab/testing/records.ts";
import { parseRecord } from "../record.ts";
import { driftOf } from "./drift.ts";

const changed = (name: string, after: string) =>
  step("update", name, { changes: [{ path: "tags.a", kind: "update", before: "0", after }] });
const machines = step("update", "front", {
  ...{ urn: "urn:pulumi:prod::platform::azure-native:compute:VirtualMachineScaleSet::front", exempt: ["capacity"] },
  ...{ type: "azure-native:compute:VirtualMachineScaleSet" },
  changes: [{ path: "sku.capacity", kind: "update", before: 2, after: 3 }],
});

test("what was merged and not applied is no drift, and is counted", () => {
  const drift = driftOf(recordOf([changed("front", "1"), step("create", "back")]), recordOf([changed("front", "1")]));
  expect(drift).toMatchObject({ steps: [{ name: "back" }], counts: { update: 0, create: 1, same: 40 }, unapplied: 1 });
  expect(parseRecord(JSON.stringify(drift))).toEqual(drift);
});

test("what Azure has besides in the same resource is drift", () => {
  expect(driftOf(recordOf([changed("front", "1")]), recordOf([changed("front", "2")]))).toEqual(
    recordOf([changed("front", "1")]),
  );
});

test("machines that were repaired or added wait for no apply", () => {
  expect(driftOf(recordOf([machines]), recordOf([machines]))).toEqual(recordOf([machines]));
});
