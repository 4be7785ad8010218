import { expect, test } from "vitest";
import type { MachineGroup } from "../environment/machineGroup.ts";
import { currentAcceleration, currentCapacity } from "./capacity.ts";
import type { StandingScaleSet } from "./standingScaleSets.ts";

const group = {
  name: "front",
  instances: 3,
  autoscale: { minimum: 2, maximum: 5, scaleOutAbove: 70, scaleInBelow: 30 },
} as MachineGroup;

const standing = (capacity: number | undefined) =>
  new Map([["vmss-platform-test-front", { capacity } as StandingScaleSet]]);

test.each([
  ["as many as there are", standing(4), 4],
  ["the maximum, of more than that", standing(9), 5],
  ["the minimum, of less than that", standing(1), 2],
  ["none yet, so the stack's number", new Map<string, StandingScaleSet>(), 3],
  ["a number that Azure does not tell, so the stack's", standing(undefined), 3],
])("a group with autoscale keeps its number of machines: %s", (_, sets, wanted) => {
  expect(currentCapacity("test", group, sets)).toBe(wanted);
});

test("a group without autoscale has the stack's number", () => {
  const fixed = { name: "front", instances: 3 } as MachineGroup;
  expect(currentCapacity("test", fixed, standing(4))).toBeUndefined();
});

test.each([
  ["as the stack's file says, whatever stands", true, false, true],
  ["as it stands, where the file says nothing", undefined, false, false],
  ["yes, where nothing stands", undefined, undefined, true],
])("machines have accelerated networking %s", (_, acceleratedNetworking, found, wanted) => {
  const sets = new Map(
    found === undefined ? [] : [["vmss-platform-test-a", { acceleratedNetworking: found } as StandingScaleSet]],
  );
  const machines = { acceleratedNetworking, scaleSets: [{ name: "a" }] } as MachineGroup;
  expect(currentAcceleration("test", machines, sets)).toBe(wanted);
});
