/** What no conformance case shows of keys: that signatures are right, what a restart keeps, and the program's own use. */
import { spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../../../azure/arm.ts";
import { authorityLine, certify } from "../../../configuration/certificates/certificate.ts";
import { makeKey, vaultAuthority } from "../../../configuration/certificates/vaultKey.ts";
import { publicKey as administratorKey } from "../../../environment/testing/stacks.ts";
import { vaultSuffix } from "../../serviceNames.ts";
import { startArm } from "../index.ts";
import { client, subscription, tenant, TestLab } from "../testing/testLab.ts";
import { signDigest } from "./ecdsa.ts";

const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/kv-test`;
const uri = `https://kv-test.${vaultSuffix}/`;
const cryptoUser = "12338af0-0e69-4776-bea7-57ae8d297424";

let lab: TestLab;
let token: string;
let directory: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "keys-"));
  lab = new TestLab();
  await lab.start();
  token = await lab.token(`https://${vaultSuffix}`);
  await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
  const properties = { tenantId: tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  await lab.call("PUT", `${vault}?api-version=2024-11-01`, { location: "westeurope", properties });
  // Vaults have their names in the lab's Internet only.
  vi.stubGlobal("fetch", async (address: string, { method, headers, body }: RequestInit) => {
    const { authorization } = headers as Record<string, string>;
    const given = typeof body === "string" ? (JSON.parse(body) as unknown) : undefined;
    const answer = await lab.service(method!, address, given, { authorization: authorization! });
    return Response.json(answer.body, { status: answer.status });
  });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await lab.stop();
  rmSync(directory, { recursive: true });
});

const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3.6e6 }) };

async function mayUse(scope: string): Promise<void> {
  const roleDefinitionId = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${cryptoUser}`;
  const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000001`;
  const properties = { principalId: client.id, roleDefinitionId };
  expect((await lab.call("PUT", `${path}?api-version=2022-04-01`, { properties })).status).toBe(201);
  lab.pass(20);
}

/** The program's way to ARM, as far as it makes the key. */
const connection = {
  rest: {
    pathUnchecked: (path: string) => ({
      put: async ({ body }: { body: object }) => {
        const answer = await lab.call("PUT", `${path}?api-version=2024-11-01`, body);
        return { status: String(answer.status), body: answer.body };
      },
    }),
  },
} as unknown as Connection;

test("a signature of a digest is one of what was digested", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = Buffer.from(privateKey.export({ format: "jwk" }).d!, "base64url");
  for (let count = 0; count < 50; count += 1) {
    const message = randomBytes(count);
    const signature = signDigest(secret, createHash("sha256").update(message).digest());
    expect(verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
  }
});

test("the program makes an authority's key once, and has the vault sign a certificate that OpenSSH takes", async () => {
  await makeKey(connection, `${vault}/keys/ssh-authority-deploy`);
  await makeKey(connection, `${vault}/keys/ssh-authority-deploy`);
  await mayUse(`${vault}/keys/ssh-authority-deploy`);
  const authority = await vaultAuthority(credential, uri, vaultSuffix, "deploy");
  const claims = { serial: 7n, keyId: "job", principals: ["deploy"], validAfter: 0, validBefore: 2 ** 32 };
  const line = await certify({ ...claims, publicKey: administratorKey, nonce: randomBytes(32) }, authority);
  const file = join(directory, "cert.pub");
  writeFileSync(file, line);
  const { status, stdout } = spawnSync("ssh-keygen", ["-L", "-f", file], { encoding: "utf8" });
  expect([status, stdout]).toEqual([0, expect.stringMatching(/Signing CA: ECDSA .*ecdsa-sha2-nistp256/)]);
});

test("what anybody encrypts by the public part of a key, the vault decrypts; what it does not decrypt is refused", async () => {
  const properties = { kty: "RSA", keySize: 3072, keyOps: ["decrypt"] };
  const { body } = await lab.call("PUT", `${vault}/keys/state?api-version=2024-11-01`, { properties });
  expect(body).toMatchObject({ properties: { kty: "RSA", keySize: 3072, keyOps: ["decrypt"] } });
  await mayUse(`${vault}/keys/state`);
  const ask = async (method: string, path: string, given?: object) =>
    (await lab.service(method, `${uri}keys/state${path}?api-version=7.6`, given, { authorization: `Bearer ${token}` }))
      .body;
  const { key } = (await ask("GET", "")) as { key: { n: string; e: string } };
  const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
  const jwk = { kty: "RSA", n: key.n, e: key.e };
  const encrypter = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["encrypt"]);
  const encrypted = await crypto.subtle.encrypt(algorithm, encrypter, Buffer.from("of the state"));
  const decrypt = (alg: string, value: string) => ask("POST", "/decrypt", { alg, value });
  const value = Buffer.from(encrypted).toString("base64url");
  expect(await decrypt("RSA-OAEP-256", value)).toMatchObject({
    value: Buffer.from("of the state").toString("base64url"),
  });
  const refused = async (alg: string, given: string) => (await decrypt(alg, given)) as { error: { message: string } };
  expect((await refused("RSA-OAEP-256", "AAAA")).error.message).toMatch(/^Unable to decrypt specified value/);
  expect((await refused("RSA-OAEP-256", `${value}==`)).error.message).toMatch(/^Content of 'value' is not base64url/);
  expect((await refused("RSA1_5", value)).error.message).toMatch(/does not imitate encryption by RSA1_5/);
  expect((await refused("ES256", value)).error.message).toMatch(/^Key and encryption algorithm are incompatible/);
  expect(await ask("POST", "/encrypt", { alg: "RSA-OAEP-256", value: "AAAA" })).toMatchObject({
    error: { message: "Operation encrypt is not permitted on this key." },
  });
});

test("while a key changes the version before it signs, as long as machines trust no other", async () => {
  await makeKey(connection, `${vault}/keys/ssh-authority-deploy`);
  await mayUse(vault);
  const trust = (...trusted: string[]) => vaultAuthority(credential, uri, vaultSuffix, "deploy", { trusted });
  const newest = await trust();
  expect((await trust(`${newest.publicKey} comment`)).publicKey).toBe(newest.publicKey);
  // One of before is put beside it, on a page of its own.
  const { x = "", y = "" } = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  const kid = `${uri}keys/ssh-authority-deploy/${"0".repeat(32)}`;
  const more = `${uri}keys/ssh-authority-deploy/versions?api-version=7.4&$skiptoken=more`;
  const asked: string[] = [];
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
    asked.push(`${init.method} ${address.split("?")[0]}`);
    if (address.startsWith(kid)) return Response.json({ key: { kid, kty: "EC", crv: "P-256", x, y }, value: "AAAA" });
    if (address === more) return Response.json({ value: [{ kid, attributes: { enabled: true } }], nextLink: null });
    const answer = await real(address, init);
    if (!address.includes("/versions?")) return answer;
    const { value } = (await answer.json()) as { value: object[] };
    expect(value).toEqual([
      { kid: expect.stringContaining(`${uri}keys/`) as string, attributes: expect.anything() as object },
    ]);
    return Response.json({ value, nextLink: more });
  });
  const older = authorityLine(Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
  const found = await trust(older);
  expect(found.publicKey).toBe(older);
  await found.sign(Buffer.from("message"));
  expect(asked.at(-1)).toBe(`POST ${kid}/sign`);
  // Of none that is trusted the newest is told, which the caller refuses.
  expect((await trust(administratorKey)).publicKey).toBe(newest.publicKey);
});

test("without the right, or without the key, the program says what to do", async () => {
  await mayUse(`${vault}/keys/other`);
  await expect(vaultAuthority(credential, uri, vaultSuffix, "deploy")).rejects.toThrow(
    /^GET https:\/\/kv-test\..*\/keys\/ssh-authority-deploy: 403 Forbidden Caller is not authorized[^]*\nIt takes the role Platform Certificate Signer/,
  );
  await lab.call(
    "DELETE",
    `${vault}/keys/other/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000001?api-version=2022-04-01`,
  );
  await mayUse(vault);
  await expect(vaultAuthority(credential, uri, vaultSuffix, "deploy")).rejects.toThrow(
    /404 KeyNotFound [^]*\nMake the key with: bin\/ssh-certificate authority --for deploy <stack>$/,
  );
});

test("an address that the vault does not let in is told at once, and so is a vault that is not there", async () => {
  const networkAcls = { defaultAction: "Deny", bypass: "None", ipRules: [], virtualNetworkRules: [] };
  const properties = { tenantId: tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  await lab.call("PUT", `${vault}?api-version=2024-11-01`, {
    location: "westeurope",
    properties: { ...properties, networkAcls },
  });
  // No right that will count soon changes that.
  await expect(vaultAuthority(credential, uri, vaultSuffix, "deploy", { waitSeconds: 600 })).rejects.toThrow(
    /403 Forbidden Client address is not authorized[^]*\nAllowed are the addresses in platform:administrators\.ranges/,
  );
  vi.unstubAllGlobals();
  await expect(vaultAuthority(credential, "https://kv.invalid/", vaultSuffix, "deploy")).rejects.toThrow(
    /^GET https:\/\/kv\.invalid\/keys\/ssh-authority-deploy: getaddrinfo .*kv\.invalid\. pulumi up makes the vault$/,
  );
});

test("a key is there after a restart, and in a vault that is recovered; ARM deletes none", async () => {
  await makeKey(connection, `${vault}/keys/ssh-authority-deploy`);
  await mayUse(vault);
  const { publicKey } = await vaultAuthority(credential, uri, vaultSuffix, "deploy");
  expect((await lab.call("DELETE", `${vault}/keys/ssh-authority-deploy?api-version=2024-11-01`)).status).toBe(405);
  await lab.call("DELETE", `${vault}?api-version=2024-11-01`);
  await lab.arm.close();
  lab.arm = await startArm(lab.options);
  const properties = { tenantId: tenant, sku: { family: "A", name: "standard" }, createMode: "recover" };
  await lab.call("PUT", `${vault}?api-version=2024-11-01`, { location: "westeurope", properties });
  await mayUse(vault);
  expect((await vaultAuthority(credential, uri, vaultSuffix, "deploy")).publicKey).toBe(publicKey);
});
