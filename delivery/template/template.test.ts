import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { resourcePaths } from "../../azure/resourceIds.ts";
import { apiVersionOf } from "./armType.ts";
import { plannedOf, type Planned } from "./preview.ts";
import { templateOf } from "./template.ts";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const urnOf = (type: string, name: string) => `urn:pulumi:dev::platform::${type}::${name}`;

/** A resource of azure-native. */
function planned(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
  madeOf: Record<string, string[]> = {},
): Planned {
  return { urn: urnOf(`azure-native:${type}`, name), type: `azure-native:${type}`, inputs, dependencies: [], madeOf };
}

const network = planned("network:VirtualNetwork", "network-vnet", {
  ...{
    virtualNetworkName: "vnet-dev",
    resourceGroupName: unknown,
    location: "westeurope",
    tags: { use: "[test]", of: "[a] b" },
  },
  addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
});
const group = planned("network/v20250101:NetworkSecurityGroup", "nsg", { networkSecurityGroupName: "nsg-dev" });
const subnet = planned(
  "network:Subnet",
  "network-front-subnet",
  {
    ...{ subnetName: "snet-front", virtualNetworkName: unknown, addressPrefix: "10.20.1.0/24" },
    ...{ networkSecurityGroup: { id: unknown }, azureApiVersion: "2024-05-01" },
  },
  { virtualNetworkName: [network.urn], networkSecurityGroup: [group.urn] },
);

const resourcesOf = (...given: Planned[]) => templateOf(given).resources;

test("a subnet is a sub-resource that depends on what it is made of, by their IDs", () => {
  expect(resourcesOf(network, group, subnet)[2]).toEqual({
    type: "Microsoft.Network/virtualNetworks/subnets",
    name: "vnet-dev/snet-front",
    apiVersion: "2024-05-01",
    properties: {
      addressPrefix: "10.20.1.0/24",
      networkSecurityGroup: { id: "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg-dev')]" },
    },
    dependsOn: [
      "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg-dev')]",
      "[resourceId('Microsoft.Network/virtualNetworks', 'vnet-dev')]",
    ],
  });
});

test("where a parent's name is not known yet, both have its name in the program", () => {
  const vault = planned("keyvault:Vault", "vault-kv", { vaultName: unknown });
  const secret = planned(
    "keyvault:Secret",
    "login",
    { secretName: "x", vaultName: unknown },
    { vaultName: [vault.urn] },
  );
  expect(resourcesOf(vault, secret).map(({ name }) => name)).toEqual(["vault-kv", "vault-kv/x"]);
});

test("halves of a peering are sub-resources of their networks, whichever resource group these are in", () => {
  const half = (name: string, from: string, to: string, madeOf: Record<string, string[]>) =>
    planned(
      "network:VirtualNetworkPeering",
      name,
      {
        ...{ virtualNetworkPeeringName: `peer-${from}-${to}`, virtualNetworkName: `vnet-${from}` },
        ...{
          resourceGroupName: `rg-${from}`,
          remoteVirtualNetwork: { id: madeOf["remoteVirtualNetwork"] ? unknown : "/x" },
        },
        allowForwardedTraffic: false,
      },
      madeOf,
    );
  const there = half("there", "tools", "dev", { remoteVirtualNetwork: [network.urn] });
  expect(resourcesOf(network, half("here", "dev", "tools", {}), there).slice(1)).toMatchObject([
    {
      type: "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
      name: "vnet-dev/peer-dev-tools",
      properties: { remoteVirtualNetwork: { id: "/x" }, allowForwardedTraffic: false },
    },
    {
      name: "vnet-tools/peer-tools-dev",
      properties: {
        remoteVirtualNetwork: { id: "[resourceId('Microsoft.Network/virtualNetworks', 'vnet-dev')]" },
        allowForwardedTraffic: false,
      },
    },
  ]);
});

test("tags and place stand beside the properties, and brackets are no expressions", () => {
  expect(resourcesOf(network)[0]).toMatchObject({
    type: "Microsoft.Network/virtualNetworks",
    name: "vnet-dev",
    location: "westeurope",
    tags: { use: "[[test]", of: "[a] b" },
    properties: { addressSpace: { addressPrefixes: ["10.20.0.0/16"] } },
  });
});

test("a versioned type has that API version", () => {
  expect(resourcesOf(group)[0]).toMatchObject({ apiVersion: "2025-01-01" });
});

test("a secret is a secure parameter", () => {
  const secret = planned("keyvault:Secret", "vault-login", {
    ...{ secretName: "login", vaultName: "kv" },
    properties: { value: "[secret]" },
  });
  const template = templateOf([secret]);
  expect(template.resources[0]).toMatchObject({ properties: { value: "[parameters('vault-login')]" } });
  expect(template.parameters).toEqual({ "vault-login": { type: "securestring" } });
});

test("what is not known yet and is no ID is a parameter, and a name the program's", () => {
  const right = planned(
    "authorization:RoleAssignment",
    "vault-back-login",
    { ...{ roleAssignmentName: unknown, scope: unknown, principalId: unknown }, principalType: "ServicePrincipal" },
    { principalId: [network.urn], roleAssignmentName: [network.urn], scope: [network.urn] },
  );
  const template = templateOf([network, right]);
  expect(template.resources[1]).toMatchObject({
    type: "Microsoft.Authorization/roleAssignments",
    name: "vault-back-login",
    scope: "[parameters('notYetKnown')]",
    properties: { principalId: "[parameters('notYetKnown')]", principalType: "ServicePrincipal" },
  });
  expect(template.parameters).toEqual({ notYetKnown: { type: "string", defaultValue: "not yet known" } });
});

test("first-boot data is there by its digest only", () => {
  const machines = planned("compute:VirtualMachineScaleSet", "front-vmss", {
    ...{ vmScaleSetName: "vmss", virtualMachineProfile: { osProfile: { customData: "I2Nsb3VkLWNvbmZpZw==" } } },
  });
  const [{ properties } = {}] = resourcesOf(machines) as [
    { properties: { virtualMachineProfile: { osProfile: { customData: string } } } },
  ];
  const { customData } = properties!.virtualMachineProfile.osProfile;
  expect(Buffer.from(customData, "base64").toString()).toMatch(/^sha256 [0-9a-f]{64}$/);
});

test("components, commands and the resource group are left out; a type that is not known is refused", () => {
  const command: Planned = { ...network, urn: "c", type: "command:local:Command" };
  const resourceGroup = planned("resources:ResourceGroup", "resource-group", { resourceGroupName: "rg" });
  expect(resourcesOf(command, resourceGroup)).toEqual([]);
  expect(() => resourcesOf(planned("storage:Queue", "q", {}))).toThrow(
    /^type: given azure-native:storage:Queue, allowed/,
  );
});

test("of a preview's steps those count that leave a resource, each once", () => {
  const state = (name: string) => ({ urn: urnOf("t", name), type: "t", custom: true, inputs: { name } });
  const steps = [
    { op: "same", newState: state("a") },
    { op: "delete", oldState: state("b") },
    { op: "create-replacement", newState: state("c") },
    { op: "replace", newState: state("c") },
    { op: "delete-replaced", oldState: state("c"), newState: state("c") },
    { op: "update", newState: { ...state("d"), propertyDependencies: { name: null, id: ["x"] } } },
    { op: "create", newState: { ...state("component"), custom: false } },
  ];
  expect(plannedOf(JSON.stringify({ steps })).map(({ inputs, madeOf }) => [inputs["name"], madeOf])).toEqual([
    ["a", {}],
    ["c", {}],
    ["d", { name: [], id: ["x"] }],
  ]);
});

test.each([
  ["no JSON", "Previewing update (dev)"],
  ["something else", "{}"],
  ["the engine's events", '{"sequence":1}\n{"sequence":2}'],
  ["a record of bin/delivery preview", '{"version":1,"steps":[{"operation":"create"}]}'],
])("%s is no preview", (_, text) => {
  expect(() => plannedOf(text)).toThrow("this is no record of what `pulumi preview --json` prints: ");
});

test("a preview that failed makes no template: it has a part of the resources", () => {
  const diagnostics = [
    { message: "warning: old", severity: "warning" },
    { message: "error: no rights\n", severity: "error" },
  ];
  expect(() => plannedOf(JSON.stringify({ steps: [], diagnostics }))).toThrow("the preview failed: error: no rights");
});

test("API versions are those that azure-native's SDK says it uses", () => {
  const sdk = dirname(createRequire(import.meta.url).resolve("@pulumi/azure-native/package.json"));
  for (const type of Object.keys(resourcePaths)) {
    const [, module = "", name = ""] = type.split(":");
    const text = readFileSync(join(sdk, module, `${name[0]?.toLowerCase()}${name.slice(1)}.d.ts`), "utf8");
    expect(/Uses Azure REST API version (\S+?)\.\s/.exec(text)?.[1], type).toBe(apiVersionOf(type));
  }
});
