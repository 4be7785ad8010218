import { expect, test, vi } from "vitest";
import { valueOf } from "../components/testing/recorder.ts";
import type { MachineGroup } from "../environment/plan.ts";
import { currentCapacity } from "./capacity.ts";
import { scaleSet } from "./testing/arm.ts";

/** What ARM answers when it is asked for a scale set. */
const azure = vi.hoisted(() => ({ get: (): unknown => undefined, asked: [] as string[] }));

vi.mock("./arm.ts", () => ({
  connect: () =>
    Promise.resolve({
      compute: {
        virtualMachineScaleSets: {
          get: (...names: string[]) => {
            azure.asked = names;
            return Promise.resolve().then(() => azure.get());
          },
        },
      },
    }),
}));

const group = {
  name: "front",
  instances: 3,
  autoscale: { minimum: 2, maximum: 5, scaleOutAbove: 70, scaleInBelow: 30 },
} as MachineGroup;
const capacity = (get: () => unknown, machines = group) => {
  azure.get = get;
  return currentCapacity({ resourceManager: "https://arm.test" }, "test", "rg-platform-test", machines);
};
const failing = (statusCode: number) => () => {
  throw Object.assign(new Error(`${statusCode}`), { statusCode });
};

test.each([
  ["as many as there are", () => scaleSet("vmss-platform-test-front", 4), 4],
  ["the maximum, of more than that", () => scaleSet("vmss-platform-test-front", 9), 5],
  ["the minimum, of less than that", () => scaleSet("vmss-platform-test-front", 1), 2],
  ["the stack's number while there are none", failing(404), 3],
])("a group with autoscale keeps its number of machines: %s", async (_, get, wanted) => {
  expect(await valueOf(capacity(get) ?? expect.fail())).toBe(wanted);
  expect(azure.asked).toEqual(["rg-platform-test", "vmss-platform-test-front"]);
});

test("a group without autoscale has the stack's number", () => {
  const fixed = { name: "front", instances: 3 } as MachineGroup;
  expect(capacity(() => expect.fail("asked"), fixed)).toBeUndefined();
});
