/** The life of a resource in azure-native for the lab, against ARM in memory under the real SDKs. */
import { RestError } from "@azure/core-rest-pipeline";
import { expect, test } from "vitest";
import { PartialFailure } from "../plugin/plugin.ts";
import type { CheckRequest, ResourceRequest } from "../plugin/plugin.ts";
import { Unknown, unknown } from "../plugin/values.ts";
import type { Properties } from "../plugin/values.ts";
import { FakeArm, fakeArm } from "./testing/fakeArm.ts";
import { AzureNative } from "./plugin.ts";

const group = "/subscriptions/sub/resourceGroups/rg";

function setUp(location?: string) {
  const fake = new FakeArm();
  const plugin = new AzureNative("3.28.0", () => fakeArm(fake, location));
  plugin.configure({});
  return { fake, plugin };
}

function request(token: string, more: Partial<ResourceRequest>): ResourceRequest {
  const type = `azure-native:${token}`;
  return {
    urn: `urn:pulumi:dev::platform::${type}::it`,
    type,
    id: "",
    inputs: {},
    oldInputs: {},
    state: {},
    preview: false,
    timeout: 0,
    ...more,
  };
}

function check(token: string, news: Properties, olds: Properties = {}): CheckRequest {
  const type = `azure-native:${token}`;
  return {
    urn: `urn:pulumi:dev::platform::${type}::it`,
    name: "it",
    type,
    olds,
    news,
    randomSeed: new Uint8Array([1]),
  };
}

const network = {
  resourceGroupName: "rg",
  virtualNetworkName: "vnet",
  location: "westeurope",
  addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
};
const networkId = `${group}/providers/Microsoft.Network/virtualNetworks/vnet`;

test("A missing location comes from the configuration, else from the resource group.", async () => {
  const news = { resourceGroupName: "rg", virtualNetworkName: "vnet" };
  const configured = await setUp("northeurope").plugin.check(check("network:VirtualNetwork", news));
  expect(configured).toMatchObject({
    inputs: { location: "northeurope", azureApiVersion: "2024-05-01" },
    failures: [],
  });

  const { plugin } = setUp();
  await plugin.create(request("resources:ResourceGroup", { inputs: { resourceGroupName: "rg", location: "uksouth" } }));
  expect((await plugin.check(check("network:VirtualNetwork", news))).inputs["location"]).toBe("uksouth");
  expect(
    (await plugin.check(check("network:VirtualNetwork", { ...news, resourceGroupName: unknown }))).inputs["location"],
  ).toBeInstanceOf(Unknown);
  expect(
    (await plugin.check(check("network:VirtualNetwork", { ...news, resourceGroupName: "none" }))).failures,
  ).toMatchObject([{ property: "location" }]);
});

test("A missing name is made up once, and kept.", async () => {
  const { plugin } = setUp("westeurope");
  const first = await plugin.check(check("resources:ResourceGroup", {}));
  expect(first.inputs["resourceGroupName"]).toMatch(/^it[0-9a-f]{8}$/);
  const second = await plugin.check({
    ...check("resources:ResourceGroup", {}, first.inputs),
    randomSeed: new Uint8Array([2]),
  });
  expect(second.inputs).toEqual(first.inputs);
});

test("A missing name of a role assignment is a GUID, and its ID has the scope in it.", async () => {
  const { fake, plugin } = setUp();
  const scope = `${group}/providers/Microsoft.KeyVault/vaults/kv/secrets/one`;
  const given = { scope, principalId: "p", principalType: "ServicePrincipal", roleDefinitionId: "r" };
  const { inputs, failures } = await plugin.check(check("authorization:RoleAssignment", given));
  expect(failures).toEqual([]);
  const name = inputs["roleAssignmentName"] as string;
  expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  const { id, state } = await plugin.create(request("authorization:RoleAssignment", { inputs }));
  expect(id).toBe(`${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`);
  expect(fake.sent.every(({ path }) => path === id)).toBe(true);
  const read = await plugin.read(request("authorization:RoleAssignment", { id, inputs, state }));
  expect(read!.inputs).toEqual(inputs);
  await plugin.delete(request("authorization:RoleAssignment", { id }));
  expect(fake.store.size).toBe(0);
});

test("A missing parent's name is reported with the property.", async () => {
  const { failures } = await setUp().plugin.check(
    check("network:Subnet", { resourceGroupName: "rg", subnetName: "s" }),
  );
  expect(failures).toEqual([
    { property: "virtualNetworkName", reason: "missing required property 'virtualNetworkName'" },
  ]);
});

test("An unknown resource type is refused with the list of those that the lab has.", () => {
  expect(() => setUp().plugin.check(check("storage:Queue", {}))).toThrow(
    /no resource type azure-native:storage:Queue[^]*network:Subnet/,
  );
});

test("What exists already is not created over.", async () => {
  const { plugin } = setUp();
  await plugin.create(request("network:VirtualNetwork", { inputs: network }));
  await expect(plugin.create(request("network:VirtualNetwork", { inputs: network }))).rejects.toThrow(
    `cannot create already existing resource '${networkId}'`,
  );
});

test("ARM's refusal is told with its code, message and details, and nothing goes into the state.", async () => {
  const { fake, plugin } = setUp();
  const error = {
    code: "InvalidRequestFormat",
    message: "Cannot parse the request.",
    details: [
      { code: "NetcfgInvalid", message: "Address prefix 10.300.0.0/16 is invalid.", target: "addressPrefixes" },
    ],
  };
  fake.instead.push({ method: "PUT", answer: { status: 400, body: { error } } });
  const refused = await plugin
    .create(request("network:VirtualNetwork", { inputs: network }))
    .catch((reason: unknown) => reason);
  expect(refused).not.toBeInstanceOf(PartialFailure);
  expect((refused as Error).message).toBe(
    'Status=400 Code="InvalidRequestFormat" Message="Cannot parse the request."\n' +
      '  Code="NetcfgInvalid" Message="Address prefix 10.300.0.0/16 is invalid." Target="addressPrefixes"',
  );
});

test("When the answer to a PUT is lost, the resource goes into the state, and the next run finishes it.", async () => {
  const { fake, plugin } = setUp();
  fake.instead.push({ method: "PUT", answer: new RestError("socket hang up", { code: "ECONNRESET" }) });
  const lost = await plugin
    .create(request("network:VirtualNetwork", { inputs: network }))
    .catch((reason: unknown) => reason);
  expect(lost).toBeInstanceOf(PartialFailure);
  expect(lost).toMatchObject({ id: networkId, inputs: network });

  const state = await plugin.update(
    request("network:VirtualNetwork", { id: networkId, inputs: network, oldInputs: network }),
  );
  expect(state).toMatchObject({ name: "vnet", provisioningState: "Succeeded" });
});

test("When an accepted creation fails later, the resource goes into the state with what ARM has of it.", async () => {
  const { fake, plugin } = setUp();
  const failing = plugin.create(request("network:VirtualNetwork", { inputs: network }));
  fake.instead.push(
    {
      method: "PUT",
      answer: {
        status: 201,
        body: { id: networkId, properties: { provisioningState: "Updating" } },
        headers: { "azure-asyncoperation": "https://arm.test/operations/1" },
      },
    },
    { method: "GET", answer: { status: 404, body: {} } },
    {
      method: "GET",
      answer: { status: 200, body: { status: "Failed", error: { code: "AllocationFailed", message: "No room." } } },
    },
  );
  const failed = await failing.catch((reason: unknown) => reason);
  expect(failed).toBeInstanceOf(PartialFailure);
  expect((failed as Error).message).toMatch(/AllocationFailed.*No room/);
});

test("A network's update sends the subnets that it has, so that none is deleted.", async () => {
  const { fake, plugin } = setUp();
  const { id, state } = await plugin.create(request("network:VirtualNetwork", { inputs: network }));
  const stored = fake.store.get(networkId.toLowerCase())!;
  stored["properties"] = {
    ...(stored["properties"] as object),
    subnets: [{ id: `${id}/subnets/a`, name: "a", properties: { addressPrefix: "10.20.1.0/24" } }],
  };
  await plugin.update(
    request("network:VirtualNetwork", { id, state, oldInputs: network, inputs: { ...network, tags: { a: "b" } } }),
  );
  const put = fake.sent.findLast(({ method }) => method === "PUT")!;
  expect(put.body).toMatchObject({
    tags: { a: "b" },
    properties: { subnets: [{ name: "a", properties: { addressPrefix: "10.20.1.0/24" } }] },
  });
});

test("A refresh sees what was changed in Azure, and no more.", async () => {
  const { fake, plugin } = setUp();
  const inputs = { ...network, tags: { environment: "dev" } };
  const { id, state } = await plugin.create(request("network:VirtualNetwork", { inputs }));
  expect((await plugin.read(request("network:VirtualNetwork", { id, inputs, state })))?.inputs).toEqual(inputs);

  const stored = fake.store.get(networkId.toLowerCase())!;
  stored["tags"] = { environment: "dev", owner: "x" };
  stored["etag"] = "another";
  stored["properties"] = { ...(stored["properties"] as object), subnets: [{ name: "a" }], flowTimeoutInMinutes: 5 };
  const drifted = await plugin.read(request("network:VirtualNetwork", { id, inputs, state }));
  expect(drifted?.inputs).toEqual({ ...inputs, tags: { environment: "dev", owner: "x" }, flowTimeoutInMinutes: 5 });
  expect(drifted?.state).toMatchObject({ subnets: [{ name: "a" }] });
});

test("A scale set's custom data and protected settings, which ARM never returns, are no drift.", async () => {
  const { fake, plugin } = setUp();
  const id = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/v`;
  const inputs: Properties = {
    resourceGroupName: "rg",
    vmScaleSetName: "v",
    location: "westeurope",
    sku: { name: "Standard_B2s", capacity: 2 },
    virtualMachineProfile: {
      osProfile: { computerNamePrefix: "v", customData: "YQ==" },
      extensionProfile: {
        extensions: [{ name: "e", publisher: "p", type: "t", protectedSettings: { commandToExecute: "x" } }],
      },
    },
  };
  const { state: created } = await plugin.create(request("compute:VirtualMachineScaleSet", { inputs }));
  const stored = fake.store.get(id.toLowerCase()) as {
    properties: {
      virtualMachineProfile: {
        osProfile: { customData?: string };
        extensionProfile: { extensions: { properties: { protectedSettings?: object } }[] };
      };
    };
    sku: { capacity: number };
  };
  const { osProfile, extensionProfile } = stored.properties.virtualMachineProfile;
  delete osProfile.customData;
  delete extensionProfile.extensions[0]!.properties.protectedSettings;
  const first = (await plugin.read(request("compute:VirtualMachineScaleSet", { id, inputs, state: created })))!;
  const second = (await plugin.read(request("compute:VirtualMachineScaleSet", { id, inputs, state: first.state })))!;
  expect(second.inputs).toEqual(inputs);
  stored.sku.capacity = 3;
  const third = (await plugin.read(request("compute:VirtualMachineScaleSet", { id, inputs, state: first.state })))!;
  expect(third.inputs).toEqual({ ...inputs, sku: { name: "Standard_B2s", capacity: 3 } });
});

test("An autoscale setting, whose outputs are nested and inputs flat, drifts where it was changed.", async () => {
  const { fake, plugin } = setUp();
  const inputs = {
    resourceGroupName: "rg",
    autoscaleSettingName: "as",
    location: "westeurope",
    enabled: true,
    targetResourceUri: "v",
    profiles: [{ name: "cpu", capacity: { minimum: "2", maximum: "4", default: "2" }, rules: [] }],
  };
  const { id, state } = await plugin.create(request("monitor:AutoscaleSetting", { inputs }));
  const read = () => plugin.read(request("monitor:AutoscaleSetting", { id, inputs, state }));
  const stored = fake.store.values().next().value as { properties: { notifications?: null; enabled: boolean } };
  stored.properties.notifications = null;
  expect((await read())?.inputs).toEqual(inputs);
  stored.properties.enabled = false;
  expect((await read())?.inputs).toEqual({ ...inputs, enabled: false });
});

test("What is gone in Azure is gone after a refresh, and deleting it is no failure.", async () => {
  const { plugin } = setUp();
  expect(await plugin.read(request("network:VirtualNetwork", { id: networkId, inputs: network }))).toBeUndefined();
  await expect(plugin.delete(request("network:VirtualNetwork", { id: networkId }))).resolves.toBeUndefined();
});

test("An import takes the inputs from the ID and from ARM.", async () => {
  const { plugin } = setUp();
  const { id } = await plugin.create(request("network:VirtualNetwork", { inputs: network }));
  expect((await plugin.read(request("network:VirtualNetwork", { id })))?.inputs).toEqual({
    ...network,
    azureApiVersion: "2024-05-01",
  });
});

test("Names and places in the path replace, everything else updates in place.", () => {
  const { plugin } = setUp();
  const diff = (news: Properties) =>
    plugin.diff(request("network:VirtualNetwork", { oldInputs: network, inputs: { ...network, ...news } })).differences;
  expect(diff({ virtualNetworkName: "other" })).toEqual(
    new Map([["virtualNetworkName", { kind: "update", replace: true }]]),
  );
  expect(diff({ location: "uksouth" }).get("location")).toEqual({ kind: "update", replace: true });
  expect(diff({ addressSpace: { addressPrefixes: ["10.20.0.0/16", "10.21.0.0/16"] } })).toEqual(
    new Map([["addressSpace.addressPrefixes[1]", { kind: "add", replace: false }]]),
  );
  expect(diff({ location: "West Europe" }).size).toBe(0);
  expect(diff({}).size).toBe(0);
});

test("A change inside an immutable property replaces; a name that was made up lets the replacement come first.", () => {
  const { plugin } = setUp();
  const address = { resourceGroupName: "rg", publicIpAddressName: "pip", sku: { name: "Standard" } };
  const news = { ...address, sku: { name: "Standard", tier: "Global" } };
  const named = plugin.diff(request("network:PublicIPAddress", { oldInputs: address, inputs: news }));
  expect(named).toEqual({
    differences: new Map([["sku.tier", { kind: "add", replace: true }]]),
    deleteBeforeReplace: true,
  });
  const madeUp = { __createBeforeDelete: true };
  const auto = plugin.diff(
    request("network:PublicIPAddress", { oldInputs: { ...address, ...madeUp }, inputs: { ...news, ...madeUp } }),
  );
  expect(auto.deleteBeforeReplace).toBe(false);
});

test("A preview of a creation asks nobody, knows the inputs, and not the IDs of parts.", async () => {
  const { fake, plugin } = setUp();
  const inputs = {
    resourceGroupName: "rg",
    loadBalancerName: "lb",
    location: "westeurope",
    backendAddressPools: [{ name: "members" }],
  };
  const { id, state } = await plugin.create(request("network:LoadBalancer", { inputs, preview: true }));
  expect(id).toBe("");
  expect(state).toMatchObject({ location: "westeurope", backendAddressPools: [{ name: "members", id: unknown }] });
  expect(state).not.toHaveProperty("loadBalancerName");
  expect(fake.sent).toEqual([]);
});

test("A preview of an update keeps what is known: parts keep their IDs by name.", async () => {
  const { fake, plugin } = setUp();
  const state = { name: "lb", etag: "1", backendAddressPools: [{ name: "members", id: "b/members" }] };
  const inputs = {
    resourceGroupName: "rg",
    loadBalancerName: "lb",
    backendAddressPools: [{ name: "new" }, { name: "members" }],
  };
  const outputs = await plugin.update(request("network:LoadBalancer", { inputs, state, preview: true }));
  expect(outputs).toMatchObject({
    name: "lb",
    etag: unknown,
    backendAddressPools: [
      { name: "new", id: unknown },
      { name: "members", id: "b/members" },
    ],
  });
  expect(fake.sent).toEqual([]);
});

test("A program learns its own identity, gets a token, and looks resources up.", async () => {
  const { plugin } = setUp();
  await plugin.create(request("network:VirtualNetwork", { inputs: network }));
  expect(await plugin.invoke("azure-native:authorization:getClientConfig", {})).toEqual({
    clientId: "client",
    subscriptionId: "sub",
    tenantId: "tenant",
    objectId: "",
  });
  expect(await plugin.invoke("azure-native:authorization:getClientToken", {})).toEqual({ token: "token" });
  expect(
    await plugin.invoke("azure-native:network:getVirtualNetwork", {
      resourceGroupName: "rg",
      virtualNetworkName: "vnet",
    }),
  ).toMatchObject({ id: networkId, location: "westeurope" });
  await expect(plugin.invoke("azure-native:storage:listKeys", {})).rejects.toThrow(
    /no function azure-native:storage:listKeys[^]*getVirtualNetwork/,
  );
});
