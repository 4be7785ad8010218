/** Rights: identities, role assignments and the tokens that machines are given. */
import { decodeJwt } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask, model, setId, TestGroup } from "../testing/testGroup.ts";
import { client, subscription, tenant } from "../testing/testLab.ts";
import { roleIds } from "../../../environment/rights.ts";
import { mayAct } from "./rights.ts";
import type { Context } from "../context.ts";
import { Store } from "../store.ts";
import { join } from "node:path";

let lab: TestGroup;
const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const identities = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const roles = "/providers/Microsoft.Authorization/roleDefinitions";
const reader = `${roles}/acdd72a7-3385-48ef-bd42-f606fba81ae7`;
const secretsUser = `${roles}/4633458b-17de-408a-b874-0445c86b69e6`;

interface Subject {
  principalId: string;
  clientId: string;
}

beforeEach(async () => {
  lab = new TestGroup();
  await lab.start();
});
afterEach(() => lab.stop());

async function makeIdentity(name: string): Promise<Subject> {
  const { body } = await lab.call("PUT", `${identities}/${name}?api-version=2023-01-31`, { location: "westeurope" });
  return (body as { properties: Subject }).properties;
}

let count = 0;
async function assign(scope: string, { principalId }: Subject, roleDefinitionId: string) {
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`;
  const properties = { principalId, principalType: "ServicePrincipal", roleDefinitionId };
  const { status } = await lab.call("PUT", `${id}?api-version=2022-04-01`, { properties });
  expect(status).toBe(201);
  return id;
}

const withIdentities = (...names: string[]) =>
  model(1, {
    identity: {
      type: "UserAssigned",
      userAssignedIdentities: Object.fromEntries(names.map((name) => [`${identities}/${name}`, {}])),
    },
  });

const arm = "https%3A%2F%2Fmanagement.azure.com%2F";
const tokenOf = (query: string, headers?: Record<string, string>) =>
  ask(lab, "10.20.1.5", `/metadata/identity/oauth2/token?${query}`, undefined, headers);
const get = (path: string, token: string) => lab.fetch("GET", path, undefined, { authorization: `Bearer ${token}` });

test("a machine is given a token of its own identity, with which it may do what its roles allow, some minutes later", async () => {
  const subject = await makeIdentity("id-front");
  await lab.put(withIdentities("id-front"));
  const { status, body } = await tokenOf(`api-version=2018-02-01&resource=${arm}&client_id=${subject.clientId}`);
  expect(status).toBe(200);
  const answer = body as Record<string, string>;
  expect(answer).toMatchObject({
    resource: "https://management.azure.com/",
    token_type: "Bearer",
    expires_in: "86400",
  });
  expect(Number(answer["expires_on"]) - Number(answer["not_before"])).toBe(86400);
  expect(decodeJwt(answer["access_token"]!)).toMatchObject({
    aud: "https://management.azure.com/",
    iss: `https://sts.windows.net/${tenant}/`,
    oid: subject.principalId,
    appid: subject.clientId,
    tid: tenant,
    xms_mirid: `${identities}/id-front`,
  });
  const groupPath = `${group}?api-version=2024-03-01`;
  const refused = await get(groupPath, answer["access_token"]!);
  expect(refused).toMatchObject({
    status: 403,
    body: {
      error: {
        code: "AuthorizationFailed",
        message: expect.stringContaining(
          `The client '${subject.clientId}' with object id '${subject.principalId}' does not have authorization to perform action 'Microsoft.Resources/subscriptions/resourceGroups/read' over scope '${group}'`,
        ) as string,
      },
    },
  });
  const assignment = await assign(group, subject, reader);
  expect((await get(groupPath, answer["access_token"]!)).status).toBe(403);
  lab.pass(18);
  expect((await get(groupPath, answer["access_token"]!)).status).toBe(200);
  expect((await get(`/subscriptions/${subscription}?api-version=2024-03-01`, answer["access_token"]!)).status).toBe(
    403,
  );
  const authorization = `Bearer ${answer["access_token"]}`;
  expect((await lab.fetch("DELETE", groupPath, undefined, { authorization })).status).toBe(403);
  await lab.call("DELETE", `${assignment}?api-version=2022-04-01`);
  expect((await get(groupPath, answer["access_token"]!)).status).toBe(403);
});

test("a token for another service is none for Resource Manager", async () => {
  await makeIdentity("id-front");
  await lab.put(withIdentities("id-front"));
  const { body } = await tokenOf("api-version=2018-02-01&resource=https://vault.azure.example");
  const answer = await get(`${group}?api-version=2024-03-01`, (body as { access_token: string }).access_token);
  expect(answer).toMatchObject({ status: 401, body: { error: { code: "InvalidAuthenticationTokenAudience" } } });
});

test("a machine with several identities must say which, and gets none that is not its own", async () => {
  const [front, back, other] = [
    await makeIdentity("id-front"),
    await makeIdentity("id-back"),
    await makeIdentity("id-other"),
  ];
  await lab.put(withIdentities("id-front", "id-back"));
  const of = async (more: string) => {
    const { status, body } = await tokenOf(`api-version=2018-02-01&resource=${arm}${more}`);
    const { access_token: token, error_description: reason } = body as Record<string, string>;
    return status === 200 ? decodeJwt(token!)["oid"] : reason;
  };
  expect(await of("")).toContain("Multiple user assigned identities exist");
  expect(await of(`&client_id=${back.clientId}`)).toBe(back.principalId);
  expect(await of(`&object_id=${front.principalId}`)).toBe(front.principalId);
  expect(await of(`&msi_res_id=${identities}/ID-FRONT`)).toBe(front.principalId);
  expect(await of(`&client_id=${other.clientId}`)).toBe("Identity not found");
});

test.each<[string, string, object, Record<string, string>?]>([
  [
    "no Metadata header",
    `api-version=2018-02-01&resource=${arm}`,
    { error: "bad_request_102", error_description: "Required metadata header not specified" },
    {},
  ],
  ["no resource", "api-version=2018-02-01", { error: "invalid_request" }],
  ["no api-version", `resource=${arm}`, { error: "invalid_request" }],
  [
    "a machine without identities",
    `api-version=2018-02-01&resource=${arm}`,
    { error: "invalid_request", error_description: "Identity not found" },
  ],
])("no token: %s", async (_, query, expected, headers) => {
  await lab.put(model(1));
  expect(await tokenOf(query, headers)).toMatchObject({ status: 400, body: expected });
});

test("a standing machine is given an identity by a PATCH, and members by an upgrade to the model", async () => {
  const { principalId, clientId } = await makeIdentity("id-front");
  await lab.put(model(2));
  const [first, second] = lab.arm.world().machines;
  const identity = { type: "UserAssigned", userAssignedIdentities: { [`${identities}/id-front`]: {} } } as const;
  await lab.clients.compute.virtualMachines.update("rg", first!.name, { identity });
  const shown = await lab.clients.compute.virtualMachines.get("rg", first!.name);
  expect(shown.identity).toMatchObject({
    type: "UserAssigned",
    userAssignedIdentities: { [`${identities}/id-front`]: { principalId, clientId } },
  });
  await lab.put({ ...withIdentities("id-front"), sku: { name: "Standard_B2s_v2", capacity: 2 } });
  const { compute } = lab.clients;
  expect((await compute.virtualMachines.get("rg", second!.name)).identity).toBeUndefined();
  await lab.call("POST", `${setId}/manualupgrade?api-version=2024-11-01`, { instanceIds: [second!.name] });
  lab.pass(2);
  expect((await compute.virtualMachines.get("rg", second!.name)).identity).toMatchObject(shown.identity!);
  // A PUT of what GET answered, with another identity, replaces what there was.
  await makeIdentity("id-back");
  const answered = (await lab.call("GET", `${first!.id}?api-version=2024-11-01`)).body as { properties: object };
  const back = { type: "UserAssigned", userAssignedIdentities: { [`${identities}/id-back`]: {} } };
  const sentBack = { ...answered, identity: back };
  expect((await lab.call("PUT", `${first!.id}?api-version=2024-11-01`, sentBack)).status).toBe(200);
  lab.pass(2);
  const now = await compute.virtualMachines.get("rg", first!.name);
  expect(Object.keys(now.identity!.userAssignedIdentities!)).toEqual([`${identities}/id-back`]);
  expect(lab.arm.world().machines[0]!.health).toBeDefined();
  const larger = {
    ...sentBack,
    properties: { ...answered.properties, hardwareProfile: { vmSize: "Standard_B4s_v2" } },
  };
  expect((await lab.call("PUT", `${first!.id}?api-version=2024-11-01`, larger)).body).toMatchObject({
    error: { code: "NotImplementedByLab" },
  });
  // What was assigned is taken away by null, in any letter case.
  const none = { [`${identities}/ID-back`]: null };
  await lab.call("PATCH", `${first!.id}?api-version=2024-11-01`, {
    identity: { type: "None", userAssignedIdentities: none },
  });
  lab.pass(2);
  expect((await compute.virtualMachines.get("rg", first!.name)).identity).toBeUndefined();
});

test("rights of data are those of roles, at the scope and below, and the deployer has none by himself", async () => {
  const subject = await makeIdentity("id-front");
  const vault = `${group}/providers/Microsoft.Network/virtualNetworks/vnet`;
  await assign(`${vault}/secrets/one`, subject, secretsUser);
  lab.pass(18);
  const store = new Store(join(lab.directory, "arm.db"));
  const context = { store, options: lab.options, nowMilliseconds: () => lab.nowMilliseconds } as unknown as Context;
  const may = (id: string, operation: string, scope: string, kind: "action" | "dataAction" = "dataAction") =>
    mayAct(context, id, kind, `Microsoft.KeyVault/vaults/secrets/${operation}`, scope);
  expect(may(subject.principalId, "getSecret/action", `${vault}/secrets/ONE`)).toBe(true);
  expect(may(subject.principalId, "getSecret/action", `${vault}/secrets/one/versions/1`)).toBe(true);
  expect(may(subject.principalId, "getSecret/action", `${vault}/secrets/one2`)).toBe(false);
  expect(may(subject.principalId, "getSecret/action", vault)).toBe(false);
  expect(may(subject.principalId, "setSecret/action", `${vault}/secrets/one`)).toBe(false);
  expect(may(subject.principalId, "read", `${vault}/secrets/one`, "action")).toBe(false);
  expect(may(client.id, "getSecret/action", `${vault}/secrets/one`)).toBe(false);
  expect(may(client.id, "read", `${vault}/secrets/one`, "action")).toBe(true);
  store.close();
});

test("a reverse proxy writes its certificates, their lease and their records, and no others of vault, account and zone", async () => {
  const subject = await makeIdentity("id-reverse-proxy");
  // Resource Manager asks of the resource only whether it is there.
  const resource = `${group}/providers/Microsoft.Network/virtualNetworks/vnet`;
  const role = (name: keyof typeof roleIds) => `${roles}/${roleIds[name]}`;
  const containers = `${resource}/blobServices/default/containers`;
  await assign(`${resource}/secrets/certificate-www`, subject, role("Key Vault Secrets Officer"));
  await assign(`${resource}/secrets/certificate-given`, subject, role("Key Vault Secrets User"));
  await assign(`${containers}/certificates`, subject, role("Storage Blob Data Contributor"));
  await assign(`${resource}/TXT/_acme-challenge.www`, subject, role("DNS Zone Contributor"));
  lab.pass(18);
  const store = new Store(join(lab.directory, "arm.db"));
  const context = { store, options: lab.options, nowMilliseconds: () => lab.nowMilliseconds } as unknown as Context;
  const may = (operation: string, scope: string, kind: "action" | "dataAction" = "dataAction") =>
    mayAct(context, subject.principalId, kind, operation, scope);
  const setSecret = "Microsoft.KeyVault/vaults/secrets/setSecret/action";
  const writeBlob = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write";
  const writeRecord = "Microsoft.Network/dnsZones/TXT/write";
  expect(may(setSecret, `${resource}/secrets/certificate-www`)).toBe(true);
  expect(may(writeBlob, `${containers}/certificates`)).toBe(true);
  expect(may(writeRecord, `${resource}/TXT/_acme-challenge.www`, "action")).toBe(true);
  for (const other of ["certificate-given", "certificate-www2", "databaseLogin"])
    expect(may(setSecret, `${resource}/secrets/${other}`)).toBe(false);
  for (const other of ["artifacts", "backups"]) expect(may(writeBlob, `${containers}/${other}`)).toBe(false);
  for (const other of ["TXT/_acme-challenge", "TXT/www", "A/_acme-challenge.www", "A/www"])
    expect(may(writeRecord.replace("TXT", other.split("/")[0]!), `${resource}/${other}`, "action")).toBe(false);
  expect(may("Microsoft.Network/dnsZones/write", resource, "action")).toBe(false);
  expect(may("Microsoft.Authorization/roleAssignments/write", `${resource}/TXT/_acme-challenge.www`, "action")).toBe(false);
  store.close();
});

test("a role of one's own gives what it says, and is listed as one", async () => {
  const subject = await makeIdentity("id-front");
  const own = `/subscriptions/${subscription}${roles}/00000000-0000-4000-8000-00000000000f`;
  const permissions = [
    { actions: ["Microsoft.Network/*/read"], dataActions: ["Microsoft.KeyVault/vaults/keys/sign/action"] },
  ];
  const properties = { roleName: "Own", assignableScopes: [`/subscriptions/${subscription}`], permissions };
  expect((await lab.call("PUT", `${own}?api-version=2022-04-01`, { properties })).status).toBe(201);
  lab.pass(18);
  await assign(group, subject, own);
  lab.pass(18);
  const store = new Store(join(lab.directory, "arm.db"));
  const context = { store, options: lab.options, nowMilliseconds: () => lab.nowMilliseconds } as unknown as Context;
  const may = (kind: "action" | "dataAction", operation: string) =>
    mayAct(context, subject.principalId, kind, operation, group);
  expect(may("action", "Microsoft.Network/virtualNetworks/read")).toBe(true);
  expect(may("action", "Microsoft.Compute/virtualMachines/read")).toBe(false);
  expect(may("dataAction", "Microsoft.KeyVault/vaults/keys/sign/action")).toBe(true);
  expect(may("dataAction", "Microsoft.KeyVault/vaults/keys/backup/action")).toBe(false);
  store.close();
  const list = `/subscriptions/${subscription}${roles}?api-version=2022-04-01`;
  const { body } = await lab.call("GET", `${list}&$filter=${encodeURIComponent("type eq 'CustomRole'")}`);
  expect(body).toMatchObject({ value: [{ id: own, properties: { roleName: "Own", type: "CustomRole" } }] });
});

test("assignments of a resource go with it", async () => {
  const subject = await makeIdentity("id-front");
  const lbi = `${group}/providers/Microsoft.Network/loadBalancers/lbi`;
  const id = await assign(`${lbi}/probes/none`, subject, reader);
  await lab.clients.network.loadBalancers.delete("rg", "lbi");
  const { status, body } = await lab.call("GET", `${id}?api-version=2022-04-01`);
  expect([status, (body as { error: { code: string } }).error.code]).toEqual([404, "ResourceNotFound"]);
});
