/** The way in through an entry, as the program finds it in the lab's ARM. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { wayThroughEntry } from "../../configuration/wayIn.ts";
import { resourceName } from "../../environment/names.ts";
import { planOf } from "../../environment/testing/stacks.ts";
import { model } from "./testing/testGroup.ts";
import { subscription, TestLab } from "./testing/testLab.ts";

const lab = new TestLab();
const location = "westeurope";
const { reverseProxy } = planOf("tools");
const entry = { environment: "production", stack: "prod", domain: "chatbot.example" };
const plan = {
  stack: "tools",
  reverseProxy: { ...reverseProxy, public: false, entry, internalAddress: "10.30.0.254" },
};
const group = (stack: string) => resourceName("resourceGroup", stack);
const network = (stack: string) => resourceName("virtualNetwork", stack);
const way = () => wayThroughEntry(lab.clients, plan);

/** Makes one side of the peering. */
const peer = (from: string, to: string) =>
  lab.clients.network.virtualNetworkPeerings.createOrUpdate(group(from), network(from), `peer-${to}`, {
    remoteVirtualNetwork: {
      id: `/subscriptions/${subscription}/resourceGroups/${group(to)}/providers/Microsoft.Network/virtualNetworks/${network(to)}`,
    },
  });

beforeAll(async () => {
  await lab.start();
  for (const [stack, second] of [
    ["prod", 10],
    ["tools", 30],
  ] as const) {
    await lab.clients.resources.resourceGroups.createOrUpdate(group(stack), { location });
    await lab.clients.network.virtualNetworks.createOrUpdate(group(stack), network(stack), {
      location,
      addressSpace: { addressPrefixes: [`10.${second}.0.0/16`] },
      subnets: [{ name: "snet", addressPrefix: `10.${second}.0.0/24` }],
    });
  }
});
afterAll(() => lab.stop());

test("there is none before the entry has an address, both sides of the peering, and machines; then SSH passes both", async () => {
  const { network: networks, compute } = lab.clients;
  expect(await way()).toEqual({ closed: "rg-platform-prod has no public address pip-platform-prod" });
  const sku = { name: "Standard" };
  const address = { location, sku, publicIPAllocationMethod: "Static" };
  const { ipAddress } = await networks.publicIPAddresses.createOrUpdate(
    ...[group("prod"), resourceName("publicAddress", "prod"), address],
  );
  const unpeered = { closed: "the network of production is not peered with this one" };
  expect(await way()).toEqual(unpeered);
  await peer("prod", "tools");
  expect(await way()).toEqual(unpeered);
  await peer("tools", "prod");
  const set = resourceName("scaleSet", "prod", "reverse-proxy");
  expect(await way()).toEqual({ closed: `rg-platform-prod has no machines of ${set}` });
  const { virtualMachineProfile: profile, ...rest } = model(2);
  const subnet = (await networks.subnets.get(group("prod"), network("prod"), "snet")).id!;
  profile!.networkProfile!.networkInterfaceConfigurations = [
    { name: "nic", ipConfigurations: [{ name: "ip", subnet: { id: subnet } }] },
  ];
  await compute.virtualMachineScaleSets.createOrUpdate(group("prod"), set, {
    ...rest,
    virtualMachineProfile: profile!,
  });
  const open = await way();
  expect(open).toMatchObject({ jumps: [ipAddress, "10.30.0.254"], entry: { stack: "prod" } });
  expect("entry" in open && open.entry?.jumpHosts.map((one) => one.address).sort()).toEqual(["10.10.0.4", "10.10.0.5"]);
  // Its network was made anew, or its side was taken away.
  await networks.virtualNetworkPeerings.delete(group("prod"), network("prod"), "peer-tools");
  expect(await way()).toEqual(unpeered);
});
