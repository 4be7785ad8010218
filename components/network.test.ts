import { expect, test } from "vitest";
import { Network } from "./network.ts";
import { Recorder, resourceGroupId, valueOf } from "./testing/recorder.ts";

const args = {
  stack: "test",
  environment: "development",
  resourceGroupName: "rg-platform-test",
  addressPrefix: "10.20.0.0/16",
  zones: ["1", "2", "3"],
  subnets: [
    {
      name: "front",
      addressPrefix: "10.20.1.0/24",
      rules: [
        {
          name: "allow-service",
          priority: 110,
          access: "Allow" as const,
          protocol: "Tcp" as const,
          sources: ["10.20.0.0/24", "10.20.2.0/24"],
          ports: ["3000"],
        },
        {
          name: "deny-all",
          priority: 4096,
          access: "Deny" as const,
          protocol: "*" as const,
          sources: "*" as const,
          ports: ["*"],
        },
      ],
      outboundRules: [
        {
          name: "allow-out-Internet-tcp",
          priority: 2000,
          access: "Allow" as const,
          protocol: "Tcp" as const,
          destinations: ["Internet"],
          ports: ["80", "443"],
        },
      ],
      serviceEndpoints: ["Microsoft.KeyVault", "Microsoft.Storage"],
    },
    { name: "back", addressPrefix: "10.20.2.0/24", rules: [], outboundRules: [], serviceEndpoints: [] },
  ],
};

async function build() {
  const recorder = await Recorder.start();
  const network = new Network("network", args);
  const urn = await valueOf(network.urn);
  const front = await valueOf(network.subnetId("front"));
  await recorder.settle();
  return { recorder, network, urn, front };
}

test("a network has a NAT gateway, and one subnet and one security group for each kind of server", async () => {
  const { recorder, urn } = await build();
  expect(urn).toBe("urn:pulumi:test::platform::platform:components:Network::network");
  expect(recorder.children("network")).toEqual([
    "azure-native:network:NatGateway network-nat",
    "azure-native:network:NetworkSecurityGroup network-back-nsg",
    "azure-native:network:NetworkSecurityGroup network-front-nsg",
    "azure-native:network:PublicIPAddress network-nat-address",
    "azure-native:network:Subnet network-back-subnet",
    "azure-native:network:Subnet network-front-subnet",
    "azure-native:network:VirtualNetwork network-vnet",
  ]);
});

test("a subnet sends its traffic through the NAT gateway and has no outbound access of its own", async () => {
  const { recorder, front } = await build();
  expect(recorder.one("azure-native:network:Subnet", "network-front-subnet").inputs).toEqual({
    subnetName: "snet-platform-test-front",
    resourceGroupName: "rg-platform-test",
    virtualNetworkName: "vnet-platform-test",
    addressPrefix: "10.20.1.0/24",
    networkSecurityGroup: {
      id: `${resourceGroupId}/providers/Microsoft.Network/networkSecurityGroups/nsg-platform-test-front`,
    },
    natGateway: { id: `${resourceGroupId}/providers/Microsoft.Network/natGateways/ng-platform-test` },
    defaultOutboundAccess: false,
    serviceEndpoints: [{ service: "Microsoft.KeyVault" }, { service: "Microsoft.Storage" }],
    privateEndpointNetworkPolicies: "Enabled",
    // The SDK's own default.
    privateLinkServiceNetworkPolicies: "Enabled",
  });
  expect(front).toMatch(/subnets\/snet-platform-test-front$/);
});

test("subnets are made one after the other, and not inside the network", async () => {
  const { recorder } = await build();
  expect(recorder.one("azure-native:network:Subnet", "network-back-subnet").dependencies).toContain(
    "network-front-subnet",
  );
  const network = recorder.one("azure-native:network:VirtualNetwork");
  expect(network.inputs).not.toHaveProperty("subnets");
  expect(network.inputs).toMatchObject({ addressSpace: { addressPrefixes: ["10.20.0.0/16"] } });
});

test("rules with several sources list them, and rules with a tag or anything name it", async () => {
  const { recorder } = await build();
  const group = recorder.one("azure-native:network:NetworkSecurityGroup", "network-front-nsg");
  expect(group.inputs["securityRules"]).toEqual([
    {
      name: "allow-service",
      priority: 110,
      access: "Allow",
      protocol: "Tcp",
      direction: "Inbound",
      sourceAddressPrefixes: ["10.20.0.0/24", "10.20.2.0/24"],
      sourcePortRange: "*",
      destinationAddressPrefix: "*",
      destinationPortRange: "3000",
    },
    {
      name: "deny-all",
      priority: 4096,
      access: "Deny",
      protocol: "*",
      direction: "Inbound",
      sourceAddressPrefix: "*",
      sourcePortRange: "*",
      destinationAddressPrefix: "*",
      destinationPortRange: "*",
    },
    {
      name: "allow-out-Internet-tcp",
      priority: 2000,
      access: "Allow",
      protocol: "Tcp",
      direction: "Outbound",
      sourceAddressPrefix: "*",
      sourcePortRange: "*",
      destinationAddressPrefix: "Internet",
      destinationPortRanges: ["80", "443"],
    },
  ]);
});

test.each([{ destinations: [] }, { destinations: ["Internet", "10.0.0.0/8"] }])(
  "an outbound rule to $destinations is refused, as Azure would when other things are made",
  ({ destinations }) => {
    const out = {
      name: "a",
      access: "Allow" as const,
      protocol: "Tcp" as const,
      ports: ["1"],
      priority: 200,
      destinations,
    };
    const subnet = {
      name: "front",
      addressPrefix: "10.20.1.0/24",
      rules: [],
      outboundRules: [out],
      serviceEndpoints: [],
    };
    expect(() => new Network("other", { ...args, subnets: [subnet] })).toThrow(
      `subnets.front.outboundRules.a: given ${String(destinations)}, allowed is one destination, or several IPv4 blocks`,
    );
  },
);

test("a rule in and a rule out may have the same priority, two of one direction may not", async () => {
  const recorder = await Recorder.start();
  const rule = { name: "a", access: "Allow" as const, protocol: "Tcp" as const, ports: ["1"], priority: 200 };
  const rules = [{ ...rule, sources: "*" as const }];
  const out = { ...rule, destinations: ["Internet"] };
  const subnet = { name: "front", addressPrefix: "10.20.1.0/24", rules, outboundRules: [out], serviceEndpoints: [] };
  new Network("network", { ...args, subnets: [subnet] });
  const twice = { ...subnet, outboundRules: [out, { ...out, name: "b" }] };
  expect(() => new Network("other", { ...args, subnets: [twice] })).toThrow(
    "subnets.front.outboundRules: given 200,200, allowed is a priority of its own for each, from 100 to 4096",
  );
  await recorder.settle();
});

test("the outbound address is a static Standard one, and everything that can carries the tags", async () => {
  const { recorder } = await build();
  expect(recorder.one("azure-native:network:PublicIPAddress").inputs).toMatchObject({
    publicIpAddressName: "pip-platform-test-nat",
    sku: { name: "Standard" },
    publicIPAllocationMethod: "Static",
    zones: ["1", "2", "3"],
  });
  const taggable = recorder.resources.filter(({ custom, type }) => custom && !type.endsWith(":Subnet"));
  expect(taggable).toHaveLength(5);
  for (const { inputs } of taggable) {
    expect(inputs["tags"]).toMatchObject({ environment: "development", "managed-by": "pulumi" });
    expect(inputs["tags"]).toHaveProperty("tier");
  }
});

test("a subnet that is not there is refused by name", async () => {
  const { network } = await build();
  expect(() => network.subnetId("data")).toThrow("given data, allowed are front, back");
});

test("subnets that overlap, lie outside or are called alike are refused before anything is made", async () => {
  const recorder = await Recorder.start();
  const subnets = [
    { name: "front", addressPrefix: "10.20.1.0/24", rules: [], outboundRules: [], serviceEndpoints: [] },
    { name: "front", addressPrefix: "10.20.1.128/25", rules: [], outboundRules: [], serviceEndpoints: [] },
    { name: "back", addressPrefix: "10.30.1.0/24", rules: [], outboundRules: [], serviceEndpoints: [] },
  ];
  expect(() => new Network("network", { ...args, subnets })).toThrow(`arguments of Network network; nothing was made
  subnets.front: given front, allowed is a name of its own
  subnets.front.addressPrefix: given 10.20.1.128/25, allowed is a block of its own; front has 10.20.1.0/24
  subnets.back.addressPrefix: given 10.30.1.0/24, allowed is a block in 10.20.0.0/16`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("a network shows the resources of which it consists", async () => {
  const { network } = await build();
  expect(Object.keys(network.nodes.subnets)).toEqual(["front", "back"]);
  expect(await valueOf(network.nodes.virtualNetwork.id)).toBe(await valueOf(network.id));
});
