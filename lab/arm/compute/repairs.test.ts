import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { VirtualMachineScaleSet } from "@azure/arm-compute";
import { startArm } from "../index.ts";
import { model, TestGroup } from "../testing/testGroup.ts";
import { refusal } from "../testing/testLab.ts";

const action = (repairAction?: "Replace" | "Restart" | "Reimage"): Partial<VirtualMachineScaleSet> => ({
  automaticRepairsPolicy: { enabled: true, gracePeriod: "PT30M", repairAction },
});

let lab: TestGroup;
beforeEach(async () => {
  lab = new TestGroup();
  await lab.start();
});
afterEach(() => lab.stop());

const service = async () =>
  (await lab.clients.compute.virtualMachineScaleSets.getInstanceView("rg", "vmss")).orchestrationServices![0]!;
const names = () => lab.arm.world().machines.map(({ name }) => name);
const nameOf = (id: string): string => lab.arm.world().machines.find((machine) => machine.id === id)!.name;
const capacity = () => lab.arm.world().scaleSets[0]!.capacity;

describe("a member", () => {
  test("that is unhealthy for the grace period is replaced by a machine of today's model, and the others stay", async () => {
    await lab.put(model(3));
    await lab.put(model(3, { tags: { tier: "front", release: "2" } }));
    const [first, ...others] = lab.ids;
    lab.health.set(first!, "Unhealthy");
    lab.pass(10);
    expect(lab.ids).toEqual([first, ...others]);
    lab.pass(1);
    expect(lab.ids.slice(0, 2)).toEqual(others);
    expect(lab.ids).toHaveLength(3);
    expect(lab.arm.world().machines[2]!.tags).toEqual({ tier: "front", release: "2" });
    expect(capacity()).toBe(3);
  });

  test("is repaired, too, when its extension reports Unknown", async () => {
    await lab.put(model(2));
    const [first] = lab.ids;
    lab.health.set(first!, "Unknown");
    lab.pass(11);
    expect(lab.ids).not.toContain(first);
  });

  test("whose health nobody reports is left alone, or repaired, as the lab is told while it runs", async () => {
    await lab.put(model(2));
    const [first] = lab.ids;
    const { adjust } = lab;
    lab.adjust = (status) => ({
      ...status,
      machines: adjust(status).machines.map((machine) =>
        machine.id === first ? { ...machine, power: "lost", ready: false, health: "Missing" } : machine,
      ),
    });
    lab.pass(60);
    expect(lab.ids).toContain(first);
    lab.missingHealth = "repaired";
    lab.pass(9);
    expect(lab.ids).toContain(first);
    lab.pass(2);
    expect(lab.ids).not.toContain(first);
  });

  test("that boots, or waits for its turn to boot, is not silent, until it is late", async () => {
    await lab.put(model(2));
    const [first] = lab.ids;
    lab.missingHealth = "repaired";
    const { adjust } = lab;
    let more: { late?: string } = {};
    lab.adjust = (status) => ({
      ...status,
      machines: adjust(status).machines.map((machine) =>
        machine.id === first ? { ...machine, power: "starting", ready: false, health: "Missing", ...more } : machine,
      ),
    });
    lab.pass(60);
    expect(lab.ids).toContain(first);
    more = { late: "its systemd did not answer within 90 s" };
    lab.pass(11);
    expect(lab.ids).not.toContain(first);
  });

  test("that becomes healthy in between is left alone: the grace period begins anew", async () => {
    await lab.put(model(2));
    const before = lab.ids;
    for (const health of ["Unhealthy", "Healthy", "Unknown"] as const) {
      lab.health.set(before[0]!, health);
      lab.pass(8);
    }
    expect(lab.ids).toEqual(before);
  });

  test.each(["Initializing", "None"] as const)("is not repaired when it is %s", async (health) => {
    await lab.put(model(2));
    const before = lab.ids;
    lab.health.set(before[0]!, health);
    lab.pass(60);
    expect(lab.ids).toEqual(before);
  });

  test("is not repaired while repairs are off, or its set has none", async () => {
    for (const automaticRepairsPolicy of [{ enabled: false }, undefined]) {
      await lab.put(model(2, { automaticRepairsPolicy }));
      const before = lab.ids;
      lab.health.set(before[0]!, "Unhealthy");
      lab.pass(60);
      expect(lab.ids).toEqual(before);
      expect(await service()).toEqual({ serviceName: "AutomaticRepairs", serviceState: "NotRunning" });
    }
  });

  test("is not repaired when its provisioning has failed", async () => {
    await lab.put(model(2));
    const [first] = lab.ids;
    const { adjust } = lab;
    const error = { id: first!, message: "no space left" };
    lab.adjust = (status) => ({ ...adjust(status), errors: [error] });
    const changed = model(2);
    changed.virtualMachineProfile!.extensionProfile!.extensions![0]!.forceUpdateTag = "again";
    await refusal(lab.clients.compute.virtualMachineScaleSets.createOrUpdate("rg", "vmss", changed));
    await refusal(lab.clients.compute.virtualMachineScaleSets.updateInstances("rg", "vmss", { instanceIds: ["*"] }));
    lab.health.set(first!, "Unhealthy");
    lab.pass(60);
    expect(lab.ids).toContain(first);
    expect((await lab.clients.compute.virtualMachines.get("rg", nameOf(first!))).provisioningState).toBe("Failed");
  });

  test("is not repaired when somebody has switched it off", async () => {
    await lab.put(model(2));
    const before = lab.ids;
    lab.health.set(before[0]!, "Unknown");
    await lab.clients.compute.virtualMachines.powerOff("rg", nameOf(before[0]!));
    lab.pass(60);
    expect(lab.ids).toEqual(before);
    expect(lab.arm.world().machines[0]!.powered).toBe(false);
  });

  test("has another grace period after a change of its own, such as a restart", async () => {
    await lab.put(model(2));
    const before = lab.ids;
    lab.health.set(before[0]!, "Unhealthy");
    lab.pass(8);
    await lab.clients.compute.virtualMachines.restart("rg", nameOf(before[0]!));
    lab.pass(9);
    expect(lab.ids).toEqual(before);
    lab.pass(2);
    expect(lab.ids).not.toContain(before[0]);
  });
});

describe("the action", () => {
  test("Restart restarts the machine, which stays, and tries again a grace period later", async () => {
    await lab.put(model(2, action("Restart")));
    const before = lab.ids;
    lab.health.set(before[0]!, "Unhealthy");
    lab.pass(11);
    expect(lab.restarted).toEqual([before[0]]);
    await Promise.resolve();
    lab.pass(9);
    expect(lab.restarted).toHaveLength(1);
    lab.pass(3);
    expect(lab.restarted).toEqual([before[0], before[0]]);
    expect(lab.ids).toEqual(before);
  });

  test("Reimage gives the machine a new disk", async () => {
    await lab.put(model(2, action("Reimage")));
    lab.health.set(lab.ids[0]!, "Unhealthy");
    lab.pass(11);
    expect(lab.arm.world().machines.map(({ generation }) => generation)).toEqual([2, 1]);
  });

  test("is changed only while repairs are off; switched on again, they run", async () => {
    await lab.put(model(1, action()));
    await lab.put(model(1, action("Replace")));
    expect(await refusal(lab.put(model(1, action("Restart"))))).toContain("OperationNotAllowed");
    await lab.clients.compute.virtualMachineScaleSets.setOrchestrationServiceState("rg", "vmss", {
      serviceName: "AutomaticRepairs",
      action: "Suspend",
    });
    await lab.put(model(1, { automaticRepairsPolicy: { enabled: false } }));
    await lab.put(model(1, action("Restart")));
    expect((await service()).serviceState).toBe("Running");
  });
});

describe("repairs", () => {
  test("are one at a time in a small set: the next begins when the last one is healthy", async () => {
    await lab.put(model(3));
    const [first, second, third] = lab.ids;
    lab.usual = "Initializing";
    for (const id of [first!, second!]) lab.health.set(id, "Unhealthy");
    lab.health.set(third!, "Healthy");
    lab.pass(30);
    expect(lab.ids.slice(0, 2)).toEqual([second, third]);
    expect(await service()).toMatchObject({ serviceState: "Running", latestOperationStatus: "InProgress" });
    lab.health.set(lab.ids[2]!, "Healthy");
    lab.pass(1);
    expect(lab.ids).not.toContain(second);
    lab.health.set(lab.ids[2]!, "Healthy");
    lab.pass(1);
    const { latestOperationStatus, lastStatusChangeTime } = await service();
    expect(latestOperationStatus).toBe("Completed");
    expect(lastStatusChangeTime).toEqual(new Date(lab.nowMilliseconds));
  });

  test("are 5% of a set at once", async () => {
    await lab.put(model(40));
    const before = lab.ids;
    lab.usual = "Initializing";
    for (const id of before) lab.health.set(id, "Healthy");
    for (const id of before.slice(0, 5)) lab.health.set(id, "Unknown");
    lab.pass(60);
    expect(lab.ids.filter((id) => !before.includes(id))).toHaveLength(2);
    expect(lab.ids).toHaveLength(40);
  });

  test("that do not help are suspended after three in a row, until somebody resumes them", async () => {
    await lab.put(model(2));
    const [, second] = lab.ids;
    lab.usual = "Unhealthy";
    lab.health.set(second!, "Healthy");
    lab.pass(100);
    expect((await service()).serviceState).toBe("Suspended");
    const stuck = names();
    lab.pass(100);
    expect(names()).toEqual(stuck);
    // Before it resumes: the next repair may begin before the answer is here.
    lab.usual = "Healthy";
    lab.health.set(lab.ids[1]!, "Unhealthy");
    const { compute } = lab.clients;
    await compute.virtualMachineScaleSets.setOrchestrationServiceState("rg", "vmss", {
      serviceName: "AutomaticRepairs",
      action: "Resume",
    });
    lab.pass(2);
    expect(names()).not.toEqual(stuck);
    lab.pass(2);
    expect(await service()).toMatchObject({ serviceState: "Running", latestOperationStatus: "Completed" });
  });

  test("that help now and then are not suspended", async () => {
    await lab.put(model(2));
    lab.health.set(lab.ids[1]!, "Healthy");
    for (let round = 0; round < 3; round += 1) {
      lab.usual = "Unhealthy";
      lab.pass(24);
      lab.usual = "Healthy";
      lab.pass(3);
    }
    expect((await service()).serviceState).toBe("Running");
  });

  test("count as failed, and make room for the next, when the replacement is not provisioned or fails to be", async () => {
    await lab.put(model(4));
    const old = lab.ids;
    for (const id of old) lab.health.set(id, "Healthy");
    const { adjust } = lab;
    const replacements = () => lab.ids.filter((id) => !old.includes(id));
    // The first replacement fails to start, the next two never become ready.
    lab.adjust = (status) => {
      const errors = replacements()
        .slice(0, 1)
        .map((id) => ({ id, message: "no space left" }));
      const { machines } = adjust(status);
      const stuck = machines.map((one) => (old.includes(one.id) ? one : { ...one, ready: false }));
      return { ...status, errors, machines: stuck };
    };
    for (const id of old.slice(0, 3)) lab.health.set(id, "Unhealthy");
    lab.pass(13);
    expect(replacements()).toHaveLength(2);
    lab.pass(115);
    expect(replacements()).toHaveLength(2);
    lab.pass(6);
    expect(replacements()).toHaveLength(3);
    expect((await service()).serviceState).toBe("Running");
    lab.pass(121);
    expect((await service()).serviceState).toBe("Suspended");
  });

  test("do not wait for ever for a replacement that falls silent: it counts as failed, and makes room", async () => {
    await lab.put(model(2));
    const [first, second] = lab.ids;
    lab.usual = "Missing";
    lab.health.set(second!, "Unhealthy");
    lab.health.set(first!, "Unhealthy");
    lab.pass(13);
    expect(lab.ids).toContain(second);
    expect(lab.ids).not.toContain(first);
    lab.pass(115);
    expect(lab.ids).toContain(second);
    lab.pass(5);
    expect(lab.ids).not.toContain(second);
  });

  test("of a machine that cannot be restarted are suspended, too: its disk is lost", async () => {
    lab.effects.restart = () => Promise.reject(new Error("front has lost its disk"));
    await lab.put(model(1, action("Restart")));
    lab.health.set(lab.ids[0]!, "Unknown");
    for (let second = 0; second < 60; second += 1) {
      lab.pass(1);
      await new Promise(setImmediate);
    }
    expect((await service()).serviceState).toBe("Suspended");
  });

  test("stop while somebody has suspended them", async () => {
    await lab.put(model(1));
    const { compute } = lab.clients;
    await compute.virtualMachineScaleSets.setOrchestrationServiceState("rg", "vmss", {
      serviceName: "AutomaticRepairs",
      action: "Suspend",
    });
    const before = lab.ids;
    lab.health.set(before[0]!, "Unhealthy");
    lab.pass(60);
    expect(lab.ids).toEqual(before);
  });

  test("do not get in the way of a scale-in meanwhile", async () => {
    await lab.put(model(3));
    lab.usual = "Initializing";
    for (const id of lab.ids) lab.health.set(id, "Healthy");
    const [first, second] = lab.ids;
    lab.health.set(first!, "Unhealthy");
    lab.pass(11);
    await lab.put(model(2));
    expect(lab.ids).toHaveLength(2);
    await lab.put(model(1));
    expect(lab.ids).toEqual([second]);
    lab.pass(1);
    expect(await service()).toMatchObject({ serviceState: "Running", latestOperationStatus: "Completed" });
  });

  test("are not begun by a new daemon before its agents have arrived, and then go on as usual", async () => {
    await lab.put(model(2));
    lab.usual = "Unknown";
    lab.report();
    const before = lab.ids;
    const copy = mkdtempSync(join(tmpdir(), "lab-arm-"));
    cpSync(lab.directory, copy, { recursive: true });
    const old = lab.arm;
    lab.arm = await startArm({ ...lab.options, stateDir: copy, metadataSocket: undefined });
    try {
      lab.nowMilliseconds += 3_600_000;
      lab.pass(20);
      expect(lab.ids).toEqual(before);
      lab.pass(1);
      expect(lab.ids).toHaveLength(2);
      expect(lab.ids).not.toEqual(before);
    } finally {
      await lab.arm.close();
      rmSync(copy, { recursive: true });
      lab.arm = old;
    }
  });
});
