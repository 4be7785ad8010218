import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AutoscaleSettingResource } from "@azure/arm-monitor";
import { model, setId, TestGroup } from "../testing/testGroup.ts";
import { refusal } from "../testing/testLab.ts";

let lab: TestGroup;
/** Processor seconds that each machine has used; each has two processors. */
let used: Map<string, number>;
beforeEach(async () => {
  lab = new TestGroup();
  used = new Map();
  await lab.start();
  lab.cpuSeconds = (id) => used.get(id) ?? 0;
  await lab.put(model(2));
});
afterEach(() => lab.stop());

/** Lets minutes of the lab pass, in which every machine is busy to this percentage. */
function work(minutes: number, percent: number | ((id: string) => number)): void {
  for (let second = 0; second < minutes * 6; second += 1) {
    for (const id of lab.ids) {
      const busy = typeof percent === "number" ? percent : percent(id);
      used.set(id, (used.get(id) ?? 0) + (2 * busy) / 100);
    }
    lab.pass(1);
  }
}

const rule = (operator: "GreaterThan" | "LessThan", threshold: number, direction: "Increase" | "Decrease") => ({
  metricTrigger: {
    metricName: "Percentage CPU",
    metricResourceUri: setId,
    timeGrain: "PT1M",
    statistic: "Average" as const,
    timeWindow: "PT5M",
    timeAggregation: "Average" as const,
    operator,
    threshold,
  },
  scaleAction: { direction, type: "ChangeCount" as const, value: "1", cooldown: "PT10M" },
});

const setting = (change: Partial<AutoscaleSettingResource> = {}): AutoscaleSettingResource => ({
  location: "westeurope",
  targetResourceUri: setId,
  enabled: true,
  profiles: [
    {
      name: "cpu",
      capacity: { minimum: "1", maximum: "4", default: "2" },
      rules: [rule("GreaterThan", 70, "Increase"), rule("LessThan", 30, "Decrease")],
    },
  ],
  ...change,
});
const withRules = (...rules: ReturnType<typeof rule>[]): Partial<AutoscaleSettingResource> => ({
  profiles: [{ ...setting().profiles[0]!, rules }],
});
const put = (given = setting()) => lab.clients.monitor.autoscaleSettings.createOrUpdate("rg", "as", given);
const resize = (to: number) =>
  lab.clients.compute.virtualMachineScaleSets.update("rg", "vmss", { sku: { name: "Standard_B2s_v2", capacity: to } });
const capacity = () => lab.arm.world().scaleSets[0]!.capacity;

describe("a scale set with an autoscale setting", () => {
  test("grows while its members are busy, one at a time with a cooldown, to its maximum, and shrinks when they are idle", async () => {
    await put();
    const [first] = lab.ids;
    work(4, 90);
    expect(capacity()).toBe(2);
    work(2, 90);
    expect([capacity(), lab.ids.length]).toEqual([3, 3]);
    work(8, 90);
    expect(capacity()).toBe(3);
    work(2.5, 90);
    expect(capacity()).toBe(4);
    work(20, 90);
    expect(capacity()).toBe(4);
    work(11, 5);
    expect(capacity()).toBe(3);
    work(22, 5);
    expect(lab.ids).toEqual([first]);
  });

  test("does not shrink when the rest would be too busy", async () => {
    await put();
    work(20, 36);
    expect(capacity()).toBe(2);
    await put(setting(withRules(rule("GreaterThan", 70, "Increase"), rule("LessThan", 40, "Decrease"))));
    work(20, 36);
    expect(capacity()).toBe(2);
    work(20, 20);
    expect(capacity()).toBe(1);
  });

  test("is brought within its limits when somebody has set another number", async () => {
    await put();
    await resize(0);
    work(1, 50);
    expect(lab.ids).toHaveLength(1);
    await resize(9);
    work(1, 50);
    expect(lab.ids).toHaveLength(4);
  });

  test("is left alone while it is updated", async () => {
    await put();
    lab.held = ["/vmss_"];
    await lab.call("PATCH", `${setId}?api-version=2024-11-01`, { sku: { capacity: 3 } });
    work(10, 95);
    expect(capacity()).toBe(3);
    lab.held = [];
    work(2, 95);
    expect(capacity()).toBe(4);
  });

  test("does not count members that still set themselves up", async () => {
    await put();
    const [first, second] = lab.ids;
    lab.usual = "Initializing";
    for (const id of [first!, second!]) lab.health.set(id, "Healthy");
    await resize(3);
    work(12, (id) => (id === first || id === second ? 60 : 100));
    expect(capacity()).toBe(3);
  });

  test("goes to its default where the host does not count", async () => {
    await put();
    lab.cpuSeconds = () => undefined;
    await resize(1);
    work(7, 0);
    expect(capacity()).toBe(2);
  });

  test("is not touched by a setting that is not enabled", async () => {
    await put(setting({ enabled: undefined }));
    work(20, 95);
    expect(capacity()).toBe(2);
  });
});

const by = (trigger: object): Partial<AutoscaleSettingResource> => {
  const standard = rule("GreaterThan", 70, "Increase");
  return withRules({ ...standard, metricTrigger: { ...standard.metricTrigger, ...trigger } });
};
const network = setId.replace(/Microsoft.Compute.*/, "Microsoft.Network/virtualNetworks/vnet");
test.each<[string, Partial<AutoscaleSettingResource>]>([
  ["another metric", by({ metricName: "Network In Total" })],
  ["another resource's metric", by({ metricResourceUri: network })],
  ["a profile for certain days", { profiles: [...setting().profiles, ...setting().profiles] }],
  ["anything but a scale set", { targetResourceUri: network }],
])("%s is not in the lab, and it says so", async (_, change) => {
  expect(await refusal(put(setting(change)))).toContain("NotImplementedByLab");
});
