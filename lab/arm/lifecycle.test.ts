import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startArm } from "./index.ts";
import { refusal, subscription, TestLab } from "./testing/testLab.ts";

let lab: TestLab;
const location = "westeurope";
const rg = `/subscriptions/${subscription}/resourceGroups/rg`;
const vnet = `${rg}/providers/Microsoft.Network/virtualNetworks/vnet`;
const at = (path: string): string =>
  `${path}?api-version=${path.includes("Microsoft.Compute") ? "2024-11-01" : path === rg ? "2024-03-01" : "2024-05-01"}`;
const set = `${rg}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss`;

const scaleSet = (capacity: number, command = "true", customData = "Zmlyc3Q="): object => ({
  location,
  sku: { name: "Standard_D2s_v5", capacity },
  properties: {
    orchestrationMode: "Flexible",
    platformFaultDomainCount: 1,
    upgradePolicy: { mode: "Automatic" },
    virtualMachineProfile: {
      osProfile: {
        computerNamePrefix: "a",
        adminUsername: "platform",
        customData,
        linuxConfiguration: {
          ssh: {
            publicKeys: [
              { keyData: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOk1nBhEt6ELAzYvDAD9I6/XG2OspgMM5gbC6a7qEjmj" },
            ],
          },
        },
      },
      storageProfile: {
        imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
      },
      networkProfile: {
        networkApiVersion: "2022-11-01",
        networkInterfaceConfigurations: [
          {
            name: "nic",
            properties: { ipConfigurations: [{ name: "ip", properties: { subnet: { id: `${vnet}/subnets/snet` } } }] },
          },
        ],
      },
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      extensionProfile: {
        extensions: [
          {
            name: "script",
            properties: {
              publisher: "Microsoft.Azure.Extensions",
              type: "CustomScript",
              typeHandlerVersion: "2.1",
              protectedSettings: { commandToExecute: command },
            },
          },
        ],
      },
    },
  },
});

const state = async (path: string): Promise<string> =>
  ((await lab.call("GET", at(path))).body as { properties: { provisioningState: string } }).properties
    .provisioningState;
const machines = (): { id: string; name: string }[] =>
  lab.arm.resources().filter((one) => one.type.endsWith("/virtualMachines"));

beforeEach(async () => {
  lab = new TestLab();
  await lab.start();
  await lab.call("PUT", at(rg), { location });
  await lab.call("PUT", at(vnet), {
    location,
    properties: {
      addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
      subnets: [{ name: "snet", properties: { addressPrefix: "10.0.1.0/24" } }],
    },
  });
});
afterEach(() => lab.stop());

describe("asynchronous operations", () => {
  test("a PUT is Creating, and its operation InProgress, until the fabric has reached its revision", async () => {
    lab.automatic = false;
    const path = `${rg}/providers/Microsoft.Network/networkSecurityGroups/nsg`;
    const answer = await lab.call("PUT", at(path), { location, properties: {} });
    expect(answer).toMatchObject({ status: 201, body: { properties: { provisioningState: "Creating" } } });
    const poll = new URL(answer.headers.get("azure-asyncoperation")!);
    expect(answer.headers.get("retry-after")).toBe("1");
    const polled = lab.call("GET", poll.pathname + poll.search);
    lab.arm.report({ revision: lab.arm.world().revision - 1, machines: [], probes: [], errors: [] });
    expect(await state(path)).toBe("Creating");
    lab.report();
    expect((await polled).body).toMatchObject({ status: "Succeeded" });
    expect(await state(path)).toBe("Succeeded");
  });

  test("what the fabric cannot make is Failed with its message, and a repeated PUT tries again", async () => {
    const path = `${rg}/providers/Microsoft.Network/networkSecurityGroups/nsg`;
    const error = { id: path.toLowerCase(), message: "nft: no space left" };
    lab.adjust = (status) => ({ ...status, errors: [error] });
    const failed = await refusal(lab.clients.network.networkSecurityGroups.createOrUpdate("rg", "nsg", { location }));
    expect(failed).toContain("nft: no space left");
    expect(await state(path)).toBe("Failed");
    lab.adjust = (status) => status;
    await lab.clients.network.networkSecurityGroups.createOrUpdate("rg", "nsg", { location });
    expect(await state(path)).toBe("Succeeded");
  });

  test("pending operations and resources continue after a kill, from what was on the disk", async () => {
    lab.automatic = false;
    const answer = await lab.call("PUT", at(set), scaleSet(2));
    const poll = new URL(answer.headers.get("azure-asyncoperation")!);
    const names = machines().map((machine) => machine.name);
    const copy = mkdtempSync(join(tmpdir(), "lab-arm-"));
    cpSync(lab.directory, copy, { recursive: true });
    const before = lab.arm;
    lab.arm = await startArm({ ...lab.options, stateDir: copy });
    try {
      expect(lab.arm.world().machines.map((machine) => machine.name)).toEqual(names);
      expect(await state(set)).toBe("Creating");
      lab.report();
      expect((await lab.call("GET", poll.pathname + poll.search)).body).toMatchObject({ status: "Succeeded" });
      expect(machines().map((machine) => machine.name)).toEqual(names);
    } finally {
      await lab.arm.close();
      rmSync(copy, { recursive: true });
      lab.arm = before;
    }
  });

  test("a group is gone when its last machine is, and refuses new resources until then", async () => {
    await lab.call("PUT", at(set), scaleSet(1));
    const [machine] = lab.arm.world().machines;
    lab.adjust = (status) => ({
      ...status,
      machines: [{ id: machine!.id, power: "running", ready: true, health: "None", scripts: [] }],
    });
    const answer = await lab.call("DELETE", at(rg));
    expect(answer.status).toBe(202);
    expect((await lab.call("PUT", at(vnet), { location })).body).toMatchObject({
      error: { code: "ResourceGroupBeingDeleted" },
    });
    expect(machines()).toHaveLength(1);
    lab.adjust = (status) => status;
    lab.report();
    expect(lab.arm.resources()).toEqual([]);
    const poll = new URL(answer.headers.get("location")!);
    expect((await lab.call("GET", poll.pathname + poll.search)).status).toBe(200);
    expect((await lab.call("GET", at(rg))).body).toMatchObject({ error: { code: "ResourceGroupNotFound" } });
  });
});

describe("machines", () => {
  test("a scale set waits for its members, and a member for its script", async () => {
    lab.adjust = (status) => ({ ...status, machines: status.machines.map((machine) => ({ ...machine, scripts: [] })) });
    await lab.call("PUT", at(set), scaleSet(1));
    expect(await state(set)).toBe("Creating");
    lab.adjust = (status) => status;
    lab.report();
    expect(await state(set)).toBe("Succeeded");
  });

  test("a script that fails is the scale set's VMExtensionProvisioningError", async () => {
    lab.adjust = (status) => ({
      ...status,
      machines: status.machines.map((machine) => ({
        ...machine,
        scripts: machine.scripts.map((script) => ({ ...script, exitStatus: 7, stderr: "no such file" })),
      })),
    });
    await lab.call("PUT", at(set), scaleSet(1));
    const { compute } = lab.clients;
    expect(await state(set)).toBe("Failed");
    const view = await compute.virtualMachines.instanceView("rg", machines()[0]!.name);
    expect(view.statuses![0]!.code).toBe("ProvisioningState/failed/VMExtensionProvisioningError");
    expect(view.statuses![0]!.message).toContain("exit status=7");
  });

  test("clients are told why a machine is late; it recovers when it is up, and the set with the next PUT", async () => {
    const late = "systemd-nspawn ended with status 1: Too many open files";
    lab.adjust = (status) => ({
      ...status,
      machines: status.machines.map((machine) => ({ ...machine, power: "starting", ready: false, late, scripts: [] })),
    });
    const { compute } = lab.clients;
    const failed = await refusal(
      compute.virtualMachineScaleSets.createOrUpdate("rg", "vmss", {
        location,
        sku: { name: "Standard_D2s_v5", capacity: 1 },
        orchestrationMode: "Flexible",
        platformFaultDomainCount: 1,
        virtualMachineProfile: {
          osProfile: {
            computerNamePrefix: "a",
            adminUsername: "platform",
            linuxConfiguration: {
              ssh: {
                publicKeys: [
                  { keyData: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOk1nBhEt6ELAzYvDAD9I6/XG2OspgMM5gbC6a7qEjmj" },
                ],
              },
            },
          },
          storageProfile: {
            imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
          },
          networkProfile: {
            networkApiVersion: "2022-11-01",
            networkInterfaceConfigurations: [
              { name: "nic", ipConfigurations: [{ name: "ip", subnet: { id: `${vnet}/subnets/snet` } }] },
            ],
          },
        },
      }),
    );
    expect(failed).toContain("OSProvisioningTimedOut");
    expect(failed).toContain(`(lab: ${late})`);
    const { id } = machines()[0]!;
    expect([await state(set), await state(id)]).toEqual(["Failed", "Failed"]);
    lab.report();
    expect(await state(id)).toBe("Failed");
    lab.adjust = (status) => status;
    lab.report();
    expect([await state(set), await state(id)]).toEqual(["Failed", "Succeeded"]);
    await lab.call("PUT", at(set), (await lab.call("GET", at(set))).body);
    expect([await state(set), await state(id)]).toEqual(["Succeeded", "Succeeded"]);
  });

  test("a machine that the fabric could not make recovers when a later attempt has made it", async () => {
    lab.adjust = (status) => ({
      ...status,
      machines: status.machines.map((machine) => ({ ...machine, power: "starting", ready: false })),
      errors: status.machines.map(({ id }) => ({ id, message: "no space left" })),
    });
    await lab.call("PUT", at(set), scaleSet(1));
    const { id } = machines()[0]!;
    expect(await state(id)).toBe("Failed");
    lab.report();
    expect(await state(id)).toBe("Failed");
    lab.adjust = (status) => status;
    lab.report();
    expect(await state(id)).toBe("Succeeded");
  });

  test("changed custom data is for new members; a changed script runs again on all of them", async () => {
    await lab.call("PUT", at(set), scaleSet(1));
    const [before] = lab.arm.world().machines;
    await lab.call("PUT", at(set), scaleSet(2, "date", "c2Vjb25k"));
    const [old, added] = lab.arm.world().machines;
    expect([old!.customData, added!.customData]).toEqual(["Zmlyc3Q=", "c2Vjb25k"]);
    expect([old!.scripts[0]!.command, added!.scripts[0]!.command]).toEqual(["date", "date"]);
    expect(old!.scripts[0]!.sequence).not.toBe(before!.scripts[0]!.sequence);
  });

  test("a PUT without custom data and secrets keeps them, for a GET does not answer them", async () => {
    await lab.call("PUT", at(set), scaleSet(1));
    const { body } = await lab.call("GET", at(set));
    await lab.call("PUT", at(set), {
      ...(body as object),
      tags: { a: "b" },
      sku: { name: "Standard_D2s_v5", capacity: 2 },
    });
    const { machines: both } = lab.arm.world();
    expect(both.map((machine) => [machine.customData, machine.scripts[0]!.command])).toEqual([
      ["Zmlyc3Q=", "true"],
      ["Zmlyc3Q=", "true"],
    ]);
  });

  test("power off, start and reimage change the world and end when the machine is there", async () => {
    await lab.call("PUT", at(set), scaleSet(1));
    const { compute } = lab.clients;
    const { name } = machines()[0]!;
    await compute.virtualMachines.powerOff("rg", name);
    expect(lab.arm.world().machines[0]).toMatchObject({ powered: false, generation: 1 });
    expect((await compute.virtualMachines.instanceView("rg", name)).statuses![1]!.code).toBe("PowerState/stopped");
    await compute.virtualMachines.start("rg", name);
    await compute.virtualMachines.reimage("rg", name);
    expect(lab.arm.world().machines[0]).toMatchObject({ powered: true, generation: 2 });
  });

  test("a run command answers the script's output, and the console log is read by a signed URL without a token", async () => {
    await lab.call("PUT", at(set), scaleSet(1));
    const { compute } = lab.clients;
    const { name } = machines()[0]!;
    const result = await compute.virtualMachines.runCommand("rg", name, {
      commandId: "RunShellScript",
      script: ["hostname"],
    });
    expect(result.value![0]!.message).toContain("[stdout]\nran: hostname");
    const { serialConsoleLogBlobUri } = await compute.virtualMachines.retrieveBootDiagnosticsData("rg", name);
    const url = new URL(serialConsoleLogBlobUri!);
    expect((await lab.fetch("GET", url.pathname + url.search)).body).toBe(
      `boot of ${lab.arm.world().machines[0]!.id}\n`,
    );
    url.searchParams.set("se", "2099-01-01T00:00:00Z");
    expect((await lab.fetch("GET", url.pathname + url.search)).status).toBe(403);
  });

  test("a deleted member is not replaced: its set has one less", async () => {
    await lab.call("PUT", at(set), scaleSet(2));
    const { compute } = lab.clients;
    await compute.virtualMachines.delete("rg", machines()[0]!.name);
    expect(machines()).toHaveLength(1);
    expect((await compute.virtualMachineScaleSets.get("rg", "vmss")).sku!.capacity).toBe(1);
    expect(
      (await compute.virtualMachineScaleSets.getInstanceView("rg", "vmss")).virtualMachine!.statusesSummary,
    ).toContainEqual({ code: "PowerState/running", count: 1 });
  });

  test("a machine's address is not given away while the machine is still there", async () => {
    await lab.call("PUT", at(set), scaleSet(1));
    lab.automatic = false;
    await lab.call("DELETE", at(machines()[0]!.id));
    await lab.call("PUT", at(set), scaleSet(1));
    expect(lab.arm.world().machines.map((machine) => machine.address)).toEqual(["10.0.1.5"]);
  });
});

test("the log has every request and answer, without secrets", async () => {
  await lab.call(
    "PUT",
    at(set),
    scaleSet(1, "echo very-secret", Buffer.from("#cloud-config with more than a few letters").toString("base64")),
  );
  const lines = readFileSync(join(lab.directory, "arm.log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.at(-1)).toMatchObject({
    method: "PUT",
    status: 201,
    body: { sku: { capacity: 1 } },
    answer: { name: "vmss" },
  });
  const text = JSON.stringify(lines);
  for (const secret of ["very-secret", "client-secret", await lab.token(), "d2l0aCBtb3JlIHRoYW4"])
    expect(text).not.toContain(secret);
});
