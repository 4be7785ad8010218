/** Whether a request to a blob service is allowed, as the front asks it. What Azurite makes of it is not tested here. */
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../context.ts";
import type { Answer, Request } from "../http.ts";
import { keysOf } from "../login/keys.ts";
import type { ArmOptions } from "../options.ts";
import { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import { answerBlobCheck } from "./blobCheck.ts";
import type { AccountBody } from "./accountSchema.ts";

const group = "/subscriptions/s/resourceGroups/rg";
const accountId = `${group}/providers/Microsoft.Storage/storageAccounts/stdev`;
const artifacts = `${accountId}/blobServices/default/containers/artifacts`;
const subnetId = `${group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/back`;
const [deployer, machine] = ["00000000-0000-4000-8000-00000000000d", "00000000-0000-4000-8000-00000000000e"];
const roles = {
  reader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  contributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
} as const;

let directory: string;
let store: Store;
let context: Context;
let now: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-blob-"));
  store = new Store(join(directory, "arm.db"));
  now = Date.now();
  const options = { tenantId: "tenant", clientId: deployer, secondsPerMinute: 6 } as ArmOptions;
  context = { store, options, origin: "", status: () => undefined, nowMilliseconds: () => now };
  account({ allowSharedKeyAccess: false, allowBlobPublicAccess: false });
  store.create(artifacts, types.blobContainer, { properties: {} }, {}, "Succeeded");
  store.create(
    subnetId,
    types.subnet,
    { properties: { addressPrefix: "10.20.1.0/24", serviceEndpoints: [{ service: "Microsoft.Storage" }] } },
    {},
    "Succeeded",
  );
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

function account(properties: AccountBody["properties"]): void {
  const body: AccountBody = { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" }, properties };
  store.create(accountId, types.storageAccount, body, { keys: [{ value: "a2V5", made: "" }] }, "Succeeded");
}

function assign(role: keyof typeof roles, scope: string, agoSeconds = 60): void {
  const properties = { principalId: machine, roleDefinitionId: `/providers/x/roleDefinitions/${roles[role]}` };
  const id = `${scope}/providers/${types.roleAssignment}/${role}`;
  const assigned = { by: deployer, at: now - agoSeconds * 1000 } as never;
  store.create(id, types.roleAssignment, { properties }, { assigned }, "Succeeded");
}

async function token(oid: string, aud = "https://storage.azure.com/"): Promise<string> {
  const keys = keysOf(store);
  const times = { iat: Math.floor(now / 1000), exp: Math.floor(now / 1000) + 600 };
  const signed = new SignJWT({ aud, oid, tid: "tenant", ...times }).setProtectedHeader({ alg: "RS256" });
  return `Bearer ${await signed.sign(createPrivateKey(keys.privateKey))}`;
}

async function check(line: string, headers: Record<string, string> = {}, host = "stdev"): Promise<Answer> {
  const [method = "", url = ""] = line.split(" ");
  const origin = `https://${host}.blob.core.azure.example`;
  const { pathname, searchParams: query } = new URL(url, origin);
  const request: Request = {
    method,
    path: decodeURIComponent(pathname),
    segments: [],
    query,
    headers: { "lab-check": "before", "lab-client": "198.51.100.40", "x-ms-version": "2024-11-04", ...headers },
    body: undefined,
    principalId: "",
    origin,
  };
  return answerBlobCheck(request, context);
}

/** `204`, or `<status> <code>`. */
async function verdict(...given: Parameters<typeof check>): Promise<string> {
  const { status, headers } = await check(...given);
  return [status, headers?.["x-ms-error-code"]].filter(Boolean).join(" ");
}

const as = async (oid: string): Promise<Record<string, string>> => ({ authorization: await token(oid) });
const mismatch = "403 AuthorizationPermissionMismatch";

describe("a token", () => {
  test("needs the right to the blobs that it asks for, in their container or above", async () => {
    assign("reader", artifacts);
    const headers = await as(machine);
    expect(await verdict("GET /artifacts/a/b.tar.gz", headers)).toBe("204");
    expect(await verdict("HEAD /artifacts/a", headers)).toBe("204");
    expect(await verdict("GET /artifacts?restype=container&comp=list", headers)).toBe("204");
    expect(await verdict("PUT /artifacts/a", headers)).toBe(mismatch);
    expect(await verdict("DELETE /artifacts/a", headers)).toBe(mismatch);
    expect(await verdict("GET /backups/a", headers)).toBe(mismatch);
    expect(await verdict("GET /?comp=list", headers)).toBe(mismatch);
    assign("contributor", accountId);
    expect(await verdict("PUT /backups/a?comp=block&blockid=x", headers)).toBe("204");
    expect(await verdict("DELETE /backups/a", headers)).toBe("204");
    expect(await verdict("GET /?comp=list", headers)).toBe("204");
  });
  test("gets a new right only after Azure's minutes", async () => {
    assign("reader", artifacts, 0);
    expect(await verdict("GET /artifacts/a", await as(machine))).toBe(mismatch);
    now += 20_000;
    expect(await verdict("GET /artifacts/a", await as(machine))).toBe("204");
  });
  test("of the subscription's owner makes containers, and neither reads nor writes blobs", async () => {
    const headers = await as(deployer);
    expect(await verdict("PUT /new?restype=container", headers)).toBe("204");
    expect(await verdict("GET /artifacts/a", headers)).toBe(mismatch);
    expect(await verdict("PUT /artifacts/a", headers)).toBe(mismatch);
    // What Azurite could take for a request to a blob, or to another container, is judged as no other.
    for (const line of ["GET /artifacts/a?restype=container", "GET /artifacts?restype=service&comp=list", "GET /a"])
      expect(await verdict(line, headers)).toBe("400 NotImplementedByLab");
    expect(await verdict("GET /artifacts?restype=container&comp=list&Comp=x", headers)).toBe("400 NotImplementedByLab");
  });
  test("copies only what it may read", async () => {
    assign("contributor", artifacts);
    const copying = async (source: string) =>
      verdict("PUT /artifacts/copy", { ...(await as(machine)), "x-ms-copy-source": source });
    expect(await copying("https://stdev.blob.core.azure.example/artifacts/a")).toBe("204");
    expect(await copying("https://stdev.blob.core.azure.example/backups/a")).toBe(mismatch);
    expect(await copying("https://127.0.0.1:10000/stdev/backups/a")).toBe(mismatch);
  });
  test("for another service is refused, with where to get one", async () => {
    const headers = { authorization: await token(machine, "https://vault.azure.example") };
    const answer = await check("GET /artifacts/a", headers);
    expect(answer).toMatchObject({ status: 401, headers: { "x-ms-error-code": "InvalidAuthenticationInfo" } });
    expect(answer.headers?.["WWW-Authenticate"]).toBe(
      "Bearer authorization_uri=https://management.azure.example/tenant/oauth2/authorize resource_id=https://storage.azure.com",
    );
    const own = { authorization: await token(deployer, "https://stdev.blob.core.azure.example") };
    expect(await verdict("PUT /new?restype=container", own)).toBe("204");
  });
});

// https://github.com/Azure/AI-Landing-Zones/issues/64 (2025-11-14)
test("a shared key, or what is signed with one, is refused where shared keys are off", async () => {
  const refused = "403 KeyBasedAuthenticationNotPermitted";
  expect(await verdict("GET /artifacts/a", { authorization: "SharedKey stdev:x" })).toBe(refused);
  expect(await verdict("GET /artifacts/a?sv=2024-11-04&sig=x")).toBe(refused);
  store.remove(accountId);
  account({ allowBlobPublicAccess: false });
  expect(await verdict("GET /artifacts/a", { authorization: "SharedKey stdev:x" })).toBe("204");
  expect(await verdict("GET /artifacts/a?sv=2024-11-04&sig=x")).toBe("204");
});

// https://github.com/microsoft/COMPASS/issues/3 (2023-06-13)
test("nobody's request is refused where public access is off", async () => {
  expect(await verdict("GET /artifacts/a")).toBe("401 NoAuthenticationInformation");
  const answer = await check("GET /artifacts/a", { "x-ms-version": "" });
  expect(answer).toMatchObject({ status: 409, headers: { "x-ms-error-code": "PublicAccessNotPermitted" } });
  expect(answer.body).toMatch(
    /^<\?xml .*\?><Error><Code>PublicAccessNotPermitted<\/Code><Message>Public access is not permitted on this storage account\.\nRequestId:.*\nTime:.*<\/Message><\/Error>$/,
  );
  store.remove(accountId);
  account({ allowBlobPublicAccess: true });
  expect(await verdict("GET /artifacts/a")).toBe("204");
  expect(await verdict("PUT /artifacts/a")).toBe("401 NoAuthenticationInformation");
});

test("a sender that the network rules do not admit is refused, whatever its rights", async () => {
  store.remove(accountId);
  account({
    networkAcls: {
      defaultAction: "Deny",
      virtualNetworkRules: [{ id: subnetId }],
      ipRules: [{ value: "198.51.100.1" }],
    },
  });
  assign("reader", accountId);
  const from = async (client: string) => verdict("GET /artifacts/a", { ...(await as(machine)), "lab-client": client });
  expect(await from("10.20.1.4")).toBe("204");
  expect(await from("198.51.100.1")).toBe("204");
  expect(await from("198.51.100.40")).toBe("403 AuthorizationFailure");
  expect(await from("10.20.2.4")).toBe("403 AuthorizationFailure");
});

test("an account that is not there has no blobs", async () => {
  expect(await verdict("GET /artifacts/a", {}, "stother")).toBe("404 ResourceNotFound");
});

test("a container that was made at the service is Resource Manager's, and one that was removed is not", async () => {
  const id = `${accountId}/blobServices/default/containers/new`;
  const headers = await as(deployer);
  expect((await check("PUT /new?restype=container", headers)).headers).toEqual({ "lab-tell": "1" });
  expect(store.get(id)).toBeUndefined();
  await check("PUT /new?restype=container", { ...headers, "lab-check": "after" });
  const { revision } = store;
  expect(store.get(id)).toMatchObject({ name: "new", state: "Succeeded" });
  await check("DELETE /new?restype=container", { ...headers, "lab-check": "after" });
  expect(store.get(id)).toBeUndefined();
  expect(store.revision).toBeGreaterThan(revision);
});
