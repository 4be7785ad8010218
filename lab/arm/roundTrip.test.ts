import { afterAll, beforeAll, expect, test } from "vitest";
import { subscription, TestLab } from "./testing/testLab.ts";

const lab = new TestLab();
const location = "westeurope";
const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const id = (path: string): string => `${group}/providers/${path}`;
const vnet = id("Microsoft.Network/virtualNetworks/vnet");
const subnet = `${vnet}/subnets/snet`;
const versions: [RegExp, string][] = [
  [/\/providers\/Microsoft\.Compute/i, "2024-11-01"],
  [/\/privateDnsZones/i, "2024-06-01"],
  [/\/dnsZones/i, "2018-05-01"],
  [/autoscaleSettings/i, "2022-10-01"],
  [/\/providers\/Microsoft\.Network/i, "2024-05-01"],
];
const versioned = (path: string): string =>
  `${path}?api-version=${versions.find(([pattern]) => pattern.test(path))?.[1] ?? "2024-03-01"}`;

const frontEnd = (properties: object, name = "front"): object => ({ name, properties });
const balancer = (properties: object, sku = "Standard"): object => ({ location, sku: { name: sku }, properties });

const extension = (properties: object): object => ({
  name: "x",
  properties: {
    publisher: "Microsoft.ManagedServices",
    type: "ApplicationHealthLinux",
    typeHandlerVersion: "2.0",
    settings: { protocol: "http", port: 8999, requestPath: "/health" },
    ...properties,
  },
});
interface Parts {
  set?: object;
  profile?: object;
  os?: object;
  image?: object;
  extensions?: object[];
  sku?: object;
  envelope?: object;
}
const scaleSet = (parts: Parts = {}): object => ({
  location,
  sku: { name: "Standard_B2s_v2", capacity: 0, ...parts.sku },
  ...parts.envelope,
  properties: {
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
        ...parts.os,
      },
      storageProfile: {
        imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest", ...parts.image },
        osDisk: { createOption: "FromImage" },
      },
      networkProfile: {
        networkApiVersion: "2022-11-01",
        networkInterfaceConfigurations: [
          {
            name: "nic",
            properties: { primary: true, ipConfigurations: [{ name: "ip", properties: { subnet: { id: subnet } } }] },
          },
        ],
      },
      ...(parts.extensions && { extensionProfile: { extensions: parts.extensions } }),
      ...parts.profile,
    },
    ...parts.set,
  },
});

beforeAll(async () => {
  await lab.start();
  await lab.call("PUT", versioned(group), { location });
  await lab.call("PUT", versioned(id("Microsoft.Network/networkSecurityGroups/nsg")), { location, properties: {} });
  await lab.call("PUT", versioned(id("Microsoft.Network/publicIPAddresses/pip")), {
    location,
    sku: { name: "Standard" },
    properties: { publicIPAllocationMethod: "Static" },
  });
  await lab.call("PUT", versioned(id("Microsoft.Network/natGateways/ng")), {
    location,
    properties: { publicIpAddresses: [{ id: id("Microsoft.Network/publicIPAddresses/pip") }] },
  });
  const networkSecurityGroup = { id: id("Microsoft.Network/networkSecurityGroups/nsg") };
  const natGateway = { id: id("Microsoft.Network/natGateways/ng") };
  await lab.call("PUT", versioned(vnet), {
    location,
    properties: {
      addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
      subnets: [{ name: "snet", properties: { addressPrefix: "10.0.1.0/24", networkSecurityGroup, natGateway } }],
    },
  });
  await lab.call(
    "PUT",
    versioned(id("Microsoft.Network/loadBalancers/lb")),
    balancer({
      frontendIPConfigurations: [
        frontEnd({ subnet: { id: subnet }, privateIPAddress: "10.0.1.254", privateIPAllocationMethod: "Static" }),
      ],
      backendAddressPools: [{ name: "pool" }],
    }),
  );
  await lab.call("PUT", versioned(id("Microsoft.Network/dnsZones/dev.example")), { location: "global" });
  await lab.call("PUT", versioned(id("Microsoft.Network/privateDnsZones/dev.internal")), { location: "global" });
  await lab.call("PUT", versioned(id("Microsoft.Network/privateDnsZones/dev.internal/virtualNetworkLinks/link")), {
    location: "global",
    properties: { virtualNetwork: { id: vnet }, registrationEnabled: false },
  });
  await lab.call(
    "PUT",
    versioned(id("Microsoft.Compute/virtualMachineScaleSets/vmss")),
    scaleSet({
      extensions: [extension({})],
      set: { automaticRepairsPolicy: { enabled: true, gracePeriod: "PT30M" } },
      envelope: { zones: ["1", "2"] },
    }),
  );
  const target = id("Microsoft.Compute/virtualMachineScaleSets/vmss");
  await lab.call("PUT", versioned(id("Microsoft.Insights/autoscaleSettings/cpu")), {
    location,
    properties: {
      targetResourceUri: target,
      enabled: true,
      profiles: [{ name: "cpu", capacity: { minimum: "0", maximum: "2", default: "0" }, rules: [] }],
    },
  });
  await lab.call("PUT", versioned(id("Microsoft.Network/virtualNetworks/peer")), {
    location,
    properties: { addressSpace: { addressPrefixes: ["10.8.0.0/16"] } },
  });
  await lab.call("PUT", versioned(`${vnet}/virtualNetworkPeerings/to-peer`), {
    properties: { remoteVirtualNetwork: { id: id("Microsoft.Network/virtualNetworks/peer") } },
  });
  await lab.call("PUT", versioned(id("Microsoft.Network/networkInterfaces/nic")), {
    location,
    properties: { ipConfigurations: [{ name: "ip", properties: { subnet: { id: subnet } } }] },
  });
  await lab.call("PUT", versioned(id("Microsoft.Network/dnsZones/dev.example/A/www")), {
    properties: { TTL: 60, ARecords: [{ ipv4Address: "198.51.100.32" }] },
  });
});
afterAll(() => lab.stop());

test("what Azure has and the lab has not says so", async () => {
  const uniform = scaleSet({ set: { orchestrationMode: "Uniform" } });
  const answer = await lab.call("PUT", versioned(id("Microsoft.Compute/virtualMachineScaleSets/x")), uniform);
  expect(answer).toMatchObject({ status: 400, body: { error: { code: "NotImplementedByLab" } } });
});

test("what a GET answered can be sent back as it is, for every type", async () => {
  const all = lab.arm.resources();
  expect(new Set(all.map((resource) => resource.type)).size).toBeGreaterThan(15);
  for (const { id: path } of all) {
    if (/\/(NS|SOA)\/@$/.test(path)) continue;
    const { body } = await lab.call("GET", versioned(path));
    const { status, headers } = await lab.call("PUT", versioned(path), body);
    // Private zones and their links tell the end of a PUT by its operation only.
    const poll = status === 202 ? headers.get("azure-asyncoperation") : null;
    const end = poll === null ? undefined : await lab.call("GET", poll.slice(lab.endpoint.length));
    const told = end ? (end.body as { status: string }).status : status;
    expect(`${path} ${told}`).toBe(`${path} ${status === 202 ? "Succeeded" : 200}`);
    expect(status === 202).toBe(/\/privateDnsZones\/[^/]+(\/virtualNetworkLinks\/[^/]+)?$/.test(path));
  }
});
