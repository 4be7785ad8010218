import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startArm } from "../index.ts";
import { ask, model, setId, TestGroup } from "../testing/testGroup.ts";

let lab: TestGroup;
beforeEach(async () => {
  lab = new TestGroup();
  await lab.start();
});
afterEach(() => lab.stop());

const at = (path: string): string => `${path}?api-version=2024-11-01`;
const remove = (id: string) => lab.call("DELETE", at(id));
const scale = (capacity: number) => lab.call("PATCH", at(setId), { sku: { name: "Standard_B2s_v2", capacity } });
const state = async (id: string) =>
  ((await lab.call("GET", at(id))).body as { properties?: { provisioningState: string } }).properties
    ?.provisioningState;
const pool = () => lab.arm.world().loadBalancers[0]!.rules[0]!.members;

interface Event {
  EventId: string;
  Resources: string[];
}
const events = async (): Promise<Event[]> =>
  ((await ask(lab, "10.20.1.5", "/metadata/scheduledevents?api-version=2020-07-01")).body as { Events: Event[] })
    .Events;
const approve = async (id: string) => {
  const { name } = lab.arm.world().machines.find((machine) => machine.id === id)!;
  const { EventId } = (await events()).find(({ Resources }) => Resources.includes(name))!;
  await ask(lab, "10.20.1.5", "/metadata/scheduledevents?api-version=2020-07-01", { StartRequests: [{ EventId }] });
};

describe("a member that is deleted with a notice of five minutes", () => {
  test("runs on in its load balancers' pools for 30 seconds of the lab, and is gone then", async () => {
    await lab.put(model(2, {}, "PT5M"));
    const [first, second] = lab.ids;
    await remove(first!);
    lab.pass(29);
    expect(lab.arm.world().machines.map(({ terminating }) => terminating ?? false)).toEqual([true, false]);
    expect(pool()).toEqual([first, second]);
    expect(await state(first!)).toBe("Deleting");
    expect(lab.arm.world().scaleSets[0]!.capacity).toBe(1);
    lab.pass(1);
    expect(lab.ids).toEqual([second]);
    expect(pool()).toEqual([second]);
    expect(await state(first!)).toBeUndefined();
  });

  test("keeps its address, which no new member gets", async () => {
    await lab.put(model(2, {}, "PT5M"));
    await remove(lab.ids[0]!);
    await scale(2);
    expect(lab.arm.world().machines.map(({ address }) => address)).toEqual(["10.20.1.5", "10.20.1.6", "10.20.1.7"]);
  });

  test("goes at once when any member has approved it", async () => {
    await lab.put(model(2, {}, "PT15M"));
    const [first, second] = lab.ids;
    await remove(first!);
    lab.pass(5);
    await approve(first!);
    lab.pass(1);
    expect(lab.ids).toEqual([second]);
  });

  test("waits, though approved, for others that are not, but for none longer than its own time", async () => {
    await lab.put(model(4, {}, "PT5M"));
    const [first, second, third, fourth] = lab.ids;
    await remove(first!);
    lab.pass(10);
    await remove(third!);
    await approve(third!);
    lab.pass(10);
    expect(lab.ids).toHaveLength(4);
    await approve(first!);
    lab.pass(1);
    expect(lab.ids).toEqual([second, fourth]);
    await remove(fourth!);
    lab.pass(30);
    expect(lab.ids).toEqual([second]);
  });

  test("is the one that a scale-in or the set's own delete action chose, too", async () => {
    await lab.put(model(3, {}, "PT5M"));
    const [first, second, third] = lab.ids;
    await scale(2);
    const names = lab.arm.world().machines.map(({ name }) => name);
    await lab.call("POST", at(`${setId}/delete`), { instanceIds: [names[0]] });
    expect(lab.arm.world().machines.map(({ terminating }) => terminating ?? false)).toEqual([true, false, true]);
    expect(await state(setId)).toBe("Updating");
    await approve(first!);
    await approve(third!);
    lab.pass(1);
    expect(lab.ids).toEqual([second]);
    expect(await state(setId)).toBe("Succeeded");
  });

  test("is replaced without waiting when it is repaired", async () => {
    await lab.put(model(2, {}, "PT5M"));
    const [first, second] = lab.ids;
    lab.health.set(first!, "Unhealthy");
    lab.pass(11);
    expect(lab.ids).toHaveLength(3);
    expect(lab.ids.slice(0, 2)).toEqual([first, second]);
    expect(await events()).toMatchObject([{ EventType: "Terminate", EventSource: "Platform" }]);
    await scale(2);
    expect(lab.arm.world().machines.filter(({ terminating }) => !terminating)).toHaveLength(2);
    lab.pass(30);
    expect(lab.ids).not.toContain(first);
    expect(lab.ids).toHaveLength(2);
  });

  test("is not forgotten when the daemon is killed, and goes when its time has come", async () => {
    await lab.put(model(2, {}, "PT5M"));
    const [first, second] = lab.ids;
    await remove(first!);
    const copy = mkdtempSync(join(tmpdir(), "lab-arm-"));
    cpSync(lab.directory, copy, { recursive: true });
    const old = lab.arm;
    lab.arm = await startArm({ ...lab.options, stateDir: copy, metadataSocket: undefined });
    try {
      expect(lab.ids).toEqual([first, second]);
      lab.pass(29);
      expect(lab.ids).toEqual([first, second]);
      lab.pass(1);
      expect(lab.ids).toEqual([second]);
    } finally {
      await lab.arm.close();
      rmSync(copy, { recursive: true });
      lab.arm = old;
    }
  });
});

describe("no notice is waited for", () => {
  test.each([
    ["when the scale set is deleted", setId],
    ["when the group is deleted", setId.split("/").slice(0, 5).join("/")],
  ])("%s", async (_, id) => {
    await lab.put(model(3, {}, "PT15M"));
    await remove(lab.ids[0]!);
    lab.report();
    expect(lab.ids).toHaveLength(3);
    await lab.call("DELETE", `${id}?api-version=${id === setId ? "2024-11-01" : "2024-03-01"}`);
    lab.pass(1);
    expect(lab.ids).toEqual([]);
    expect(lab.arm.resources().filter(({ type }) => type.startsWith("Microsoft.Compute"))).toEqual([]);
  });

  test("members that were made before the model had one, until they have the latest model", async () => {
    await lab.put(model(2));
    await lab.put(model(2, {}, "PT5M"));
    await remove(lab.ids[0]!);
    lab.report();
    expect(lab.ids).toHaveLength(1);
    const { compute } = lab.clients;
    await compute.virtualMachineScaleSets.updateInstances("rg", "vmss", { instanceIds: ["*"] });
    await remove(lab.ids[0]!);
    lab.report();
    expect(lab.ids).toHaveLength(1);
  });
});
