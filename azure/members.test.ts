import { expect, test } from "vitest";
import type { Arm } from "./arm.ts";
import { listMembers, waitForMembers } from "./members.ts";
import { machine, networkInterface, pages, scaleSet, scaleSetId } from "./testing/arm.ts";
import { testClock } from "./testing/clock.ts";

interface Answers {
  scaleSets?: object[];
  machines?: object[];
  interfaces?: object[];
}

const armOf = ({ scaleSets = [], machines = [], interfaces = [] }: Answers) =>
  ({
    compute: {
      virtualMachineScaleSets: { list: () => pages(scaleSets) },
      virtualMachines: { list: () => pages(machines) },
    },
    network: { networkInterfaces: { list: () => pages(interfaces) } },
  }) as unknown as Arm;

/** No identities, no pools. */
const without = { identities: [], hasSystemIdentity: false, poolIds: [] };

test("a member tells its identities, as ARM spells them, and whether it has one of Azure's own making", async () => {
  const identityOf = async (identity: object) => {
    const machines = [{ ...machine("vmss-front", "a", "a"), identity }];
    const { members } = await listMembers(armOf({ machines, interfaces: [networkInterface("a", "10.20.1.4")] }), "rg");
    return [members[0]?.identities, members[0]?.hasSystemIdentity];
  };
  const userAssignedIdentities = { "/subscriptions/0/Id-A": { clientId: "c" } };
  expect(await identityOf({ type: "UserAssigned", userAssignedIdentities })).toEqual([
    ["/subscriptions/0/Id-A"],
    false,
  ]);
  expect(await identityOf({ type: "SystemAssigned, UserAssigned", userAssignedIdentities })).toEqual([
    ["/subscriptions/0/Id-A"],
    true,
  ]);
  expect(await identityOf({ type: "SystemAssigned" })).toEqual([[], true]);
});

test("members are the machines of scale sets, with address and pools of their network interface", async () => {
  const arm = armOf({
    scaleSets: [scaleSet("vmss-front", 2)],
    machines: [
      machine("vmss-front", "b", "frontB"),
      machine("vmss-front", "a", "frontA"),
      { name: "alone", vmId: "vmid-alone", osProfile: { computerName: "alone" } },
    ],
    interfaces: [networkInterface("a", "10.20.1.4", ["/pools/members"]), networkInterface("b", "10.20.1.5")],
  });
  const id = scaleSetId("vmss-front").toLowerCase();
  expect(await listMembers(arm, "rg")).toEqual({
    scaleSets: [{ id, name: "vmss-front", capacity: 2 }],
    members: [
      {
        ...{ id: "vmid-a", name: "vmss-front_a", hostName: "fronta", address: "10.20.1.4", scaleSetId: id },
        ...{ networkInterface: "nic-a", ...without, poolIds: ["/pools/members"] },
      },
      {
        ...{ id: "vmid-b", name: "vmss-front_b", hostName: "frontb", address: "10.20.1.5", scaleSetId: id },
        ...{ networkInterface: "nic-b", ...without },
      },
    ],
  });
});

test("machines that are going, or that have no address yet, do not count", async () => {
  const { members } = await listMembers(
    armOf({
      machines: [
        machine("vmss-front", "a", "a", "Deleting"),
        machine("vmss-front", "b", "b", "Creating"),
        machine("vmss-front", "c", "c", "Creating"),
        machine("vmss-front", "d", "d", "Failed"),
      ],
      interfaces: [
        networkInterface("a", "10.20.1.4"),
        networkInterface("b", undefined),
        networkInterface("d", "10.20.1.7"),
      ],
    }),
    "rg",
  );
  expect(members.map(({ name }) => name)).toEqual(["vmss-front_d"]);
});

const member = (suffix: string, set = "vmss-front") => ({
  id: suffix,
  name: suffix,
  hostName: suffix,
  address: "10.20.1.4",
  networkInterface: `nic-${suffix}`,
  scaleSetId: scaleSetId(set).toLowerCase(),
  ...without,
});
const front = { id: scaleSetId("vmss-front").toLowerCase(), name: "vmss-front", capacity: 2 };

function waiting(lists: ReturnType<typeof member>[][], listed = () => true) {
  const told: string[] = [];
  const warnings: string[] = [];
  const clock = testClock();
  const result = waitForMembers(
    () =>
      Promise.resolve({
        scaleSets: [...(listed() ? [front] : []), { ...front, id: "/other", name: "vmss-other", capacity: 9 }],
        members: lists.length > 1 ? (lists.shift() ?? []) : (lists[0] ?? []),
      }),
    [scaleSetId("vmss-front")],
    {
      timeoutSeconds: 60,
      intervalSeconds: 2,
      clock,
      progress: (text) => told.push(text),
      warn: (text) => warnings.push(text),
    },
  );
  return { result, told, warnings };
}

test("a set's machines are complete when there are as many as it should have", async () => {
  const { result, told, warnings } = waiting([
    [],
    [member("a")],
    [member("a"), member("b"), member("c", "vmss-other")],
  ]);
  expect((await result).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(told).toEqual(["vmss-front has 0 of 2 machines", "vmss-front has 1 of 2 machines"]);
  expect(warnings).toEqual([]);
});

test("a set that stays short is taken as it is, with a warning", async () => {
  const { result, warnings } = waiting([[member("a")]]);
  expect((await result).map(({ id }) => id)).toEqual(["a"]);
  expect(warnings).toEqual(["Going on although vmss-front has 1 of 2 machines"]);
});

test("a set that ARM lists late is waited for", async () => {
  let asked = 0;
  const { result, told, warnings } = waiting([[member("a"), member("b")]], () => (asked += 1) > 2);
  expect((await result).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(told).toEqual([`${front.id} is not listed`]);
  expect(warnings).toEqual([]);
});

test("a set that ARM does not list is an error, and not complete without machines", async () => {
  const { result, warnings } = waiting([[]], () => false);
  await expect(result).rejects.toThrow(`scale sets that were made are not listed by ARM after 60 s, so their machines \
are unknown. Run pulumi up with --refresh to see whether they are still there:
  ${front.id}`);
  expect(warnings).toEqual([]);
});
