/** Two pools of one internal load balancer, of which its rule uses one: how a tier's balance is changed while it serves. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusal, subscription, TestLab } from "./testing/testLab.ts";

const lab = new TestLab();
const location = "westeurope";
const rg = `/subscriptions/${subscription}/resourceGroups/rg/providers`;
const subnet = { id: `${rg}/Microsoft.Network/virtualNetworks/vnet/subnets/snet` };
const lb = `${rg}/Microsoft.Network/loadBalancers/lbi`;
const pool = (name: string) => ({ id: `${lb}/backendAddressPools/${name}` });

/** Sends the load balancer with these pools and its rule to one of them. */
const balance = (target: string, pools = ["members", "balancers"]) =>
  lab.clients.network.loadBalancers.createOrUpdate("rg", "lbi", {
    location,
    sku: { name: "Standard" },
    frontendIPConfigurations: [
      { name: "frontend", subnet, privateIPAddress: "10.20.2.254", privateIPAllocationMethod: "Static" },
    ],
    backendAddressPools: pools.map((name) => ({ name })),
    loadBalancingRules: [
      {
        name: "service",
        protocol: "Tcp",
        frontendPort: 4000,
        frontendIPConfiguration: { id: `${lb}/frontendIPConfigurations/frontend` },
        backendAddressPool: pool(target),
      },
    ],
  });

/** Makes a scale set of two machines that join a pool. */
const join = (name: string, target: string) =>
  lab.clients.compute.virtualMachineScaleSets.createOrUpdate("rg", name, {
    location,
    sku: { name: "Standard_B2ts_v2", capacity: 2 },
    orchestrationMode: "Flexible",
    platformFaultDomainCount: 1,
    virtualMachineProfile: {
      osProfile: {
        computerNamePrefix: name,
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
          {
            name: `nic-${name}`,
            ipConfigurations: [{ name: "ip", subnet, loadBalancerBackendAddressPools: [pool(target)] }],
          },
        ],
      },
    },
  });

/** Names of the scale sets whose machines the rule sends to. */
function served(): string[] {
  const { loadBalancers, machines } = lab.arm.world();
  const members = loadBalancers[0]!.rules[0]!.members;
  return machines.filter(({ id }) => members.includes(id)).map(({ name }) => name.split("_")[0]!);
}

beforeAll(async () => {
  await lab.start();
  const { resources, network } = lab.clients;
  await resources.resourceGroups.createOrUpdate("rg", { location });
  await network.virtualNetworks.createOrUpdate("rg", "vnet", {
    location,
    addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
    subnets: [{ name: "snet", addressPrefix: "10.20.2.0/24" }],
  });
});
afterAll(() => lab.stop());

test("a rule moves from one pool to the other and back while both have machines, whose interfaces stay as they are", async () => {
  await balance("members");
  await join("back", "members");
  expect(served()).toEqual(["back", "back"]);
  await balance("balancers");
  expect(served()).toEqual([]);
  await join("haproxy", "balancers");
  expect(served()).toEqual(["haproxy", "haproxy"]);
  await balance("members");
  expect(served()).toEqual(["back", "back"]);
});

test("machines that stand are served by a public load balancer, too, once their interfaces are in its pool", async () => {
  const { network } = lab.clients;
  const id = `${rg}/Microsoft.Network/loadBalancers/lbe`;
  const address = { location, sku: { name: "Standard" }, publicIPAllocationMethod: "Static" };
  const publicIPAddress = await network.publicIPAddresses.createOrUpdate("rg", "pip", address);
  await network.loadBalancers.createOrUpdate("rg", "lbe", {
    location,
    sku: { name: "Standard" },
    frontendIPConfigurations: [{ name: "frontend", publicIPAddress }],
    backendAddressPools: [{ name: "members" }],
    loadBalancingRules: [
      {
        name: "service",
        protocol: "Tcp",
        frontendPort: 4000,
        frontendIPConfiguration: { id: `${id}/frontendIPConfigurations/frontend` },
        backendAddressPool: { id: `${id}/backendAddressPools/members` },
      },
    ],
  });
  const before = lab.arm.world().machines;
  for await (const nic of network.networkInterfaces.list("rg")) {
    if (!nic.name!.startsWith("nic-back-")) continue;
    const [configuration] = nic.ipConfigurations!;
    configuration!.loadBalancerBackendAddressPools!.push({ id: `${id}/backendAddressPools/members` });
    await network.networkInterfaces.createOrUpdate("rg", nic.name!, nic);
  }
  const { machines, loadBalancers } = lab.arm.world();
  expect(machines).toEqual(before);
  const back = machines.filter(({ name }) => name.startsWith("back_")).map((machine) => machine.id);
  expect(loadBalancers.map(({ rules }) => rules[0]?.members)).toEqual([back, back]);
});

test("a pool is not taken away while machines of a scale set are in it", async () => {
  const inUse = /^LoadBalancerBackendAddressPoolInUseByVirtualMachineScaleSet: .*balancers.*in use by/;
  expect(await refusal(balance("members", ["members"]))).toMatch(inUse);
  await lab.clients.compute.virtualMachineScaleSets.delete("rg", "haproxy");
  expect(await refusal(balance("members", ["members"]))).toBe("accepted");
});
