/**
 * What reaches ARM, and what comes back, for every resource type: azure-native's inputs on one side, the REST API's
 * JSON on the other, with the real SDKs between them. Not proved: that ARM accepts it (lab/arm's tests and the
 * end-to-end test).
 */
import { expect, test } from "vitest";
import { FakeArm, fakeArm } from "./testing/fakeArm.ts";
import { AzureNative } from "./plugin.ts";
import { resourceTypes } from "./resources.ts";
import type { Properties } from "../plugin/values.ts";
import { cases, flat, inputsOf } from "./testing/wireCases.ts";

function plugin(fake: FakeArm): AzureNative {
  const made = new AzureNative("3.28.0", () => fakeArm(fake));
  made.configure({});
  return made;
}

/** A request to create a resource of a type. */
const requestOf = (type: string, inputs: Properties) => ({
  urn: `urn:pulumi:dev::p::${type}::it`,
  type,
  id: "",
  oldInputs: {},
  state: {},
  inputs,
  preview: false,
  timeout: 0,
});

test("Every resource type of the table has its case here.", () => {
  expect(cases.map(({ type }) => type).sort()).toEqual(resourceTypes.map(({ token }) => token).sort());
});

test.each(cases)("$type reaches ARM as its REST API has it, and comes back flat.", async (given) => {
  const { type, path, apiVersion, body, outputs } = given;
  const fake = new FakeArm();
  const request = {
    urn: `urn:pulumi:dev::platform::azure-native:${type}::it`,
    type: `azure-native:${type}`,
    id: "",
    oldInputs: {},
    state: {},
    inputs: { ...inputsOf(given), azureApiVersion: apiVersion },
    preview: false,
    timeout: 0,
  };
  const { undeletable, withParent } = resourceTypes.find(({ token }) => token === type)!;
  if (withParent) fake.store.set(path.toLowerCase(), { id: path });
  const created = await plugin(fake).create(request);
  const put = fake.sent.find(({ method }) => method === "PUT");
  // Two of the SDKs write "resourcegroups"; ARM does not mind.
  expect({ ...put, path: put?.path.replace("/resourcegroups/", "/resourceGroups/") }).toEqual({
    method: "PUT",
    path,
    apiVersion,
    body,
  });
  expect(fake.sent.every((sent) => sent.apiVersion === apiVersion)).toBe(true);
  expect(created.id.toLowerCase()).toBe(path.toLowerCase());
  // An autoscale setting has a name of its own among its properties; so those stay together.
  const together = given.together === true || type === "monitor:AutoscaleSetting";
  const properties = together ? { properties: flat(body["properties"]!) } : (flat(body, given.spellings) as object);
  expect(created.state).toMatchObject({
    ...properties,
    name: path.split("/").at(-1),
    azureApiVersion: apiVersion,
    ...outputs,
  });
  expect(created.state).not.toHaveProperty("id");

  const deletion = plugin(fake).delete({ ...request, id: created.id });
  if (undeletable !== undefined) return expect(deletion).rejects.toThrow(undeletable);
  await deletion;
  if (withParent) expect(fake.sent.at(-1)).toMatchObject({ method: "PUT", body: {} });
  else expect(fake.store.size).toBe(0);
});

test("Identities of a scale set are a list of IDs to the program, and an object to ARM.", async () => {
  const fake = new FakeArm();
  const given = cases.find(({ type }) => type === "compute:VirtualMachineScaleSet")!;
  const type = "azure-native:compute:VirtualMachineScaleSet";
  const identity = { type: "UserAssigned", userAssignedIdentities: [`${given.path}/a`, `${given.path}/b`] };
  const request = requestOf(type, { ...inputsOf(given), identity });
  const { id, state } = await plugin(fake).create(request);
  expect(fake.sent.find(({ method }) => method === "PUT")!.body).toMatchObject({
    identity: { type: "UserAssigned", userAssignedIdentities: { [`${given.path}/a`]: {}, [`${given.path}/b`]: {} } },
  });
  const unchanged = await plugin(fake).read({ ...request, id, state });
  expect(unchanged!.inputs["identity"]).toEqual(identity);
  // Somebody took one of them away.
  fake.store.get(given.path.toLowerCase())!["identity"] = {
    type: "UserAssigned",
    userAssignedIdentities: { [`${given.path}/a`]: {} },
  };
  const changed = await plugin(fake).read({ ...request, id, state });
  expect(changed!.inputs["identity"]).toEqual({ ...identity, userAssignedIdentities: [`${given.path}/a`] });
});

test("A secret's value is sent, never read back, and no drift.", async () => {
  const fake = new FakeArm();
  const given = cases.find(({ type }) => type === "keyvault:Secret")!;
  const type = "azure-native:keyvault:Secret";
  const request = requestOf(type, inputsOf(given));
  const answer = {
    id: given.path,
    name: "one",
    properties: { contentType: "text/plain", secretUri: "https://kv/one" },
  };
  fake.instead.push(
    { method: "GET", answer: { status: 404, body: {} } },
    { method: "GET", answer: { status: 200, body: answer } },
  );
  const { id, state } = await plugin(fake).create(request);
  expect(JSON.stringify(state)).not.toContain('"secret"');
  fake.instead.push({ method: "GET", answer: { status: 200, body: answer } });
  expect((await plugin(fake).read({ ...request, id, state }))!.inputs).toEqual(request.inputs);
});

test("A versioned module's resource is sent with that API version.", async () => {
  const fake = new FakeArm();
  const inputs = inputsOf(cases.find(({ type }) => type === "network:VirtualNetwork")!);
  const type = "azure-native:network/v20250101:VirtualNetwork";
  const created = await plugin(fake).create(requestOf(type, inputs));
  expect(fake.sent.map(({ apiVersion }) => apiVersion)).toEqual(["2025-01-01", "2025-01-01", "2025-01-01"]);
  expect(created.state["azureApiVersion"]).toBe("2025-01-01");
});

test("An input that the SDK does not know is refused instead of being left out.", async () => {
  const fake = new FakeArm();
  const inputs = inputsOf(cases.find(({ type }) => type === "network:VirtualNetwork")!);
  const type = "azure-native:network:VirtualNetwork";
  const create = plugin(fake).create(
    requestOf(type, { ...inputs, addressSpaces: { addressPrefixes: ["10.0.0.0/8"] } }),
  );
  await expect(create).rejects.toThrow("cannot send addressSpaces.addressPrefixes.0");
  expect(fake.store.size).toBe(0);
});
