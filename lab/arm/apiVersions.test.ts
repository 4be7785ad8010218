/** The types' schemas and api-versions, held against the types of Azure's SDKs, which know one api-version each. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { newerIn, withoutNewer } from "./apiVersions.ts";
import { scaleSetBody } from "./compute/scaleSetSchema.ts";
import { loadBalancerBody } from "./network/loadBalancerSchema.ts";
import { natGatewayBody } from "./network/natGatewaySchema.ts";
import { networkInterfaceBody } from "./network/networkInterfaceSchema.ts";
import { peeringBody } from "./network/peeringSchema.ts";
import { publicAddressBody } from "./network/publicAddressSchema.ts";
import { securityGroupBody } from "./network/securityGroupSchema.ts";
import { securityRuleBody } from "./network/securityRuleSchema.ts";
import { subnetBody } from "./network/subnetSchema.ts";
import { virtualNetworkBody } from "./network/virtualNetworkSchema.ts";
import { typeNamed } from "./registry.ts";
import { validate } from "./schema.ts";
import { subscription, TestLab } from "./testing/testLab.ts";

const modules = join(import.meta.dirname, "..", "..", "node_modules", "@azure");

function textOf(sdk: string): string {
  const folder = join(modules, sdk, "dist", "esm", "models");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("models.d.ts"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
}

const texts = { "arm-network": textOf("arm-network"), "arm-compute": textOf("arm-compute") };

/** What a client can write of a type in the SDK. The SDKs move what stands under `properties` beside it. */
function writable(sdk: keyof typeof texts, name: string): string[] {
  const members = membersOf(sdk, name) ?? [];
  if (members.length === 0) throw new Error(`${sdk} has no type ${name}`);
  const moved = membersOf(sdk, `${name}PropertiesFormat`) ?? membersOf(sdk, `${name}Properties`) ?? [];
  return members.filter((member) => !moved.includes(member));
}

function membersOf(sdk: keyof typeof texts, name: string): string[] | undefined {
  const found = new RegExp(`^export interface ${name}(?: extends [^{]+)? \\{\\n([^]*?)^\\}`, "m").exec(texts[sdk]);
  return found ? [...found[1]!.matchAll(/^ {4}(\w+)\??: /gm)].map((match) => match[1]!) : undefined;
}

type Wrap = (member: object) => object;
const properties: Wrap = (member) => ({ properties: member });
const itself: Wrap = (member) => member;
const inProfile =
  (wrap: Wrap): Wrap =>
  (member) => ({ properties: { virtualMachineProfile: wrap(member) } });
const inList =
  (name: string, wrap: Wrap = properties): Wrap =>
  (member) => ({ properties: { [name]: [{ name: "x", ...wrap(member) }] } });

const network: [string, z.ZodType, Wrap][] = [
  ["VirtualNetwork", virtualNetworkBody, itself],
  ["VirtualNetworkPropertiesFormat", virtualNetworkBody, properties],
  ["AddressSpace", virtualNetworkBody, (member) => properties({ addressSpace: member })],
  ["SubnetPropertiesFormat", subnetBody, properties],
  ["SubnetPropertiesFormat", virtualNetworkBody, inList("subnets")],
  ["VirtualNetworkPeeringPropertiesFormat", peeringBody, properties],
  ["NetworkSecurityGroupPropertiesFormat", securityGroupBody, properties],
  ["SecurityRulePropertiesFormat", securityRuleBody, properties],
  ["NatGateway", natGatewayBody, itself],
  ["NatGatewayPropertiesFormat", natGatewayBody, properties],
  ["PublicIPAddress", publicAddressBody, itself],
  ["PublicIPAddressPropertiesFormat", publicAddressBody, properties],
  ["DdosSettings", publicAddressBody, (member) => properties({ ddosSettings: member })],
  ["LoadBalancer", loadBalancerBody, itself],
  ["LoadBalancerPropertiesFormat", loadBalancerBody, properties],
  ["FrontendIPConfigurationPropertiesFormat", loadBalancerBody, inList("frontendIPConfigurations")],
  ["BackendAddressPoolPropertiesFormat", loadBalancerBody, inList("backendAddressPools")],
  ["LoadBalancingRulePropertiesFormat", loadBalancerBody, inList("loadBalancingRules")],
  ["ProbePropertiesFormat", loadBalancerBody, inList("probes")],
  ["NetworkInterface", networkInterfaceBody, itself],
  ["NetworkInterfacePropertiesFormat", networkInterfaceBody, properties],
  ["NetworkInterfaceIPConfigurationPropertiesFormat", networkInterfaceBody, inList("ipConfigurations")],
];

const disk: Wrap = (member) => ({ storageProfile: { osDisk: member } });
const interfaces: Wrap = (member) => ({ networkProfile: { networkInterfaceConfigurations: [member] } });

const compute: [string, z.ZodType, Wrap][] = [
  ["VirtualMachineScaleSet", scaleSetBody, itself],
  ["VirtualMachineScaleSetProperties", scaleSetBody, properties],
  ["AdditionalCapabilities", scaleSetBody, (member) => properties({ additionalCapabilities: member })],
  ["ScaleInPolicy", scaleSetBody, (member) => properties({ scaleInPolicy: member })],
  ["AutomaticRepairsPolicy", scaleSetBody, (member) => properties({ automaticRepairsPolicy: member })],
  ["VirtualMachineScaleSetVMProfile", scaleSetBody, inProfile(itself)],
  ["VirtualMachineScaleSetOSProfile", scaleSetBody, inProfile((member) => ({ osProfile: member }))],
  ["VirtualMachineScaleSetStorageProfile", scaleSetBody, inProfile((member) => ({ storageProfile: member }))],
  ["ImageReference", scaleSetBody, inProfile((member) => ({ storageProfile: { imageReference: member } }))],
  ["VirtualMachineScaleSetOSDisk", scaleSetBody, inProfile(disk)],
  ["DiffDiskSettings", scaleSetBody, inProfile((member) => disk({ diffDiskSettings: member }))],
  ["VirtualMachineScaleSetManagedDiskParameters", scaleSetBody, inProfile((member) => disk({ managedDisk: member }))],
  ["SecurityProfile", scaleSetBody, inProfile((member) => ({ securityProfile: member }))],
  ["VirtualMachineScaleSetNetworkProfile", scaleSetBody, inProfile((member) => ({ networkProfile: member }))],
  ["VirtualMachineScaleSetNetworkConfiguration", scaleSetBody, inProfile(interfaces)],
  [
    "VirtualMachineScaleSetNetworkConfigurationProperties",
    scaleSetBody,
    inProfile((member) => interfaces(properties(member))),
  ],
];

/** Members that the schema takes for a mistake of the client's; those that the lab only lacks are refused otherwise. */
function unknownTo(schema: z.ZodType, names: string[], wrap: Wrap): string[] {
  return names.filter((name) => {
    try {
      validate(schema, wrap({ [name]: { any: "thing" } }), "compute", "it");
      return false;
    } catch (error) {
      return JSON.stringify((error as { body: unknown }).body).includes(`Could not find member '${name}'`);
    }
  });
}

describe("every member that the SDK's newest types can write is known", () => {
  test.each(network)("of Microsoft.Network's %s", (name, schema, wrap) => {
    expect(unknownTo(schema, writable("arm-network", name), wrap)).toEqual([]);
  });

  test.each(compute)("of Microsoft.Compute's %s", (name, schema, wrap) => {
    expect(unknownTo(schema, writable("arm-compute", name), wrap)).toEqual([]);
  });
});

test("the newest api-versions are those of the SDKs", () => {
  const versionOf = (sdk: string): string => {
    const folder = join(modules, sdk, "dist", "esm");
    const found = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => /virtualMachineScaleSets[\\/]operations\.js$|loadBalancers[\\/]operations\.js$/.test(name))
      .flatMap((name) => [...readFileSync(join(folder, name), "utf8").matchAll(/20\d\d-\d\d-\d\d/g)]);
    return found[0]![0];
  };
  expect(typeNamed("Microsoft.Network/loadBalancers")!.apiVersions.at(-1)).toBe(versionOf("arm-network"));
  expect(typeNamed("Microsoft.Compute/virtualMachineScaleSets")!.apiVersions.at(-1)).toBe(versionOf("arm-compute"));
});

describe("what newer api-versions brought", () => {
  const introduced = { "properties.list.properties.new": "2024-05-01", "sku.name=Better": "2024-05-01" };

  test("is found in a body by its path, or by its value", () => {
    const body = {
      sku: { name: "Better" },
      properties: { list: [{ properties: { old: 1 } }, { properties: { new: 1 } }] },
    };
    const found = [
      ["sku", "name"],
      ["properties", "list", 1, "properties", "new"],
    ];
    expect(newerIn(body, introduced, "2024-03-01")).toEqual(found);
    expect(newerIn(body, introduced, "2024-05-01")).toEqual([]);
  });

  test("is left out of an answer in an older one", () => {
    const answer = { properties: { list: [{ properties: { old: 1, new: 2 } }] } };
    expect(withoutNewer(answer, introduced, "2024-03-01")).toEqual({
      properties: { list: [{ properties: { old: 1 } }] },
    });
    expect(withoutNewer(answer, introduced, "2024-05-01")).toEqual(answer);
  });
});

describe("a request in an api-version", () => {
  const lab = new TestLab();
  const group = `/subscriptions/${subscription}/resourceGroups/rg`;
  const network = `${group}/providers/Microsoft.Network/virtualNetworks/vnet`;
  const put = (properties: object, version: string): ReturnType<TestLab["call"]> =>
    lab.call("PUT", `${network}?api-version=${version}`, {
      location: "westeurope",
      properties: { addressSpace: { addressPrefixes: ["10.0.0.0/16"] }, ...properties },
    });

  beforeAll(async () => {
    await lab.start();
    await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
  });
  afterAll(() => lab.stop());

  test("has the members that this version has, and an answer without others", async () => {
    const policies = { privateEndpointVNetPolicies: "Basic" };
    expect(await put(policies, "2024-01-01")).toMatchObject({
      status: 400,
      body: { error: { code: "InvalidRequestFormat", details: [{ code: "InvalidJson" }] } },
    });
    expect(await put(policies, "2024-03-01")).toMatchObject({ status: 201, body: { properties: policies } });
    const older = await lab.call("GET", `${network}?api-version=2024-01-01`);
    expect((older.body as { properties: object }).properties).not.toHaveProperty("privateEndpointVNetPolicies");
  });

  test("that the lab does not know is refused as Azure refuses those that it does not know", async () => {
    for (const path of [network, network.replace(/\/vnet$/, ""), `${network}/subnets`])
      expect(await lab.call("GET", `${path}?api-version=1999-01-01`)).toMatchObject({
        status: 400,
        body: { error: { code: "NoRegisteredProviderFound" } },
      });
  });

  test("tells what Azure has and the lab lacks as such", async () => {
    const subnets = [{ name: "a", properties: { addressPrefix: "10.0.1.0/24", sharingScope: "Tenant" } }];
    expect(await put({ subnets }, "2025-01-01")).toMatchObject({
      status: 400,
      body: { error: { code: "NotImplementedByLab" } },
    });
  });
});
