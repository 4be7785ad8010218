/** Identities that log in by tokens of another issuer, and what they may do then. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ClientAssertionCredential } from "@azure/identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { gitlabSubject, tokenExchange, type Job } from "../../gitlabToken.ts";
import { storageSuffix, vaultSuffix } from "../../serviceNames.ts";
import { blobHeaders } from "../../world.ts";
import { TestIssuer } from "../testing/issuer.ts";
import { client, subscription, tenant, TestLab } from "../testing/testLab.ts";
import { issuerKeys } from "./issuerKeys.ts";

const [lab, issuer] = [new TestLab(), new TestIssuer()];
const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const identities = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const version = "api-version=2023-01-31";
const writer = gitlabSubject({
  project: "group/platform",
  ref: "main",
  refProtected: true,
  environment: { protected: true, tier: "production" },
});

interface Identity {
  id: string;
  clientId: string;
  principalId: string;
}

beforeAll(async () => {
  await Promise.all([lab.start(), issuer.start()]);
  await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
});
afterAll(() => Promise.all([lab.stop(), issuer.stop()]));

let count = 0;
const guid = () => `00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`;

/** A new one, that trusts the subjects of an issuer. */
async function makeIdentity(subjects: string[], trusted = issuer): Promise<Identity> {
  const id = `${identities}/id-${++count}`;
  const { body } = await lab.call("PUT", `${id}?${version}`, { location: "westeurope" });
  for (const [index, subject] of subjects.entries()) {
    const properties = { issuer: trusted.url, subject, audiences: [tokenExchange] };
    const path = `${id}/federatedIdentityCredentials/one-${index}?${version}`;
    expect((await lab.call("PUT", path, { properties })).status).toBe(201);
  }
  return { id, ...(body as { properties: Omit<Identity, "id"> }).properties };
}

const assign = (scope: string, { principalId }: Identity, role: string) =>
  lab.call("PUT", `${scope}/providers/Microsoft.Authorization/roleAssignments/${guid()}?api-version=2022-04-01`, {
    properties: {
      principalId,
      principalType: "ServicePrincipal",
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    },
  });

async function logIn({ clientId }: Pick<Identity, "clientId">, assertion: string, scope = `${lab.endpoint}/.default`) {
  const form = {
    grant_type: "client_credentials",
    client_id: clientId,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
    scope,
  };
  const { status, body } = await lab.fetch(
    "POST",
    `/${tenant}/oauth2/v2.0/token`,
    new URLSearchParams(form).toString(),
    { "content-type": "application/x-www-form-urlencoded" },
  );
  const { access_token: token, error, error_codes: codes } = body as Record<string, unknown>;
  return status === 200 ? { token: String(token) } : { status, error, code: (codes as number[])[0] };
}

test("Azure's own identity library logs in as the identity, with the issuer's token in the place of a secret", async () => {
  const identity = await makeIdentity([writer]);
  lab.pass(18);
  const options = {
    authorityHost: lab.endpoint,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: lab.certificates.ca },
    retryOptions: { maxRetries: 0 },
  };
  const assertion = () => issuer.token({ subject: writer });
  const credential = new ClientAssertionCredential(tenant, identity.clientId, assertion, options);
  const { token } = await credential.getToken(`${lab.endpoint}/.default`);
  expect(decodeJwt(token)).toMatchObject({
    oid: identity.principalId,
    appid: identity.clientId,
    tid: tenant,
    xms_mirid: identity.id,
  });
});

test("a credential counts some minutes after it was written, and no longer when it, or its identity, is gone", async () => {
  const identity = await makeIdentity([writer]);
  const attempt = async () => logIn(identity, await issuer.token({ subject: writer }));
  const credential = `${identity.id}/federatedIdentityCredentials/one-0?${version}`;
  expect(await attempt()).toEqual({ status: 401, error: "invalid_client", code: 70021 });
  lab.pass(18);
  expect(await attempt()).toHaveProperty("token");
  // The same once more is no change.
  const { properties } = (await lab.call("GET", credential)).body as { properties: object };
  expect((await lab.call("PUT", credential, { properties })).status).toBe(200);
  expect(await attempt()).toHaveProperty("token");
  await lab.call("DELETE", credential);
  expect(await attempt()).toMatchObject({ code: 700211 });
  await lab.call("PUT", credential, { properties });
  await lab.call("DELETE", `${identity.id}?${version}`);
  expect(await attempt()).toMatchObject({ status: 400, code: 700016 });
  await lab.call("PUT", `${identity.id}?${version}`, { location: "westeurope" });
  expect((await lab.call("GET", credential)).status).toBe(404);
});

describe("no token", () => {
  test.each<[string, Partial<Parameters<TestIssuer["token"]>[0]>, number]>([
    ["another subject", { subject: `${writer}:more` }, 700213],
    ["the subject in other letter case", { subject: writer.replace("group", "Group") }, 7002138],
    ["another audience", { audience: "https://gitlab.com" }, 700212],
    ["one that has ended", { expires: -1 }, 700024],
    ["one that has not begun", { begins: 600, expires: 900 }, 700024],
    ["somebody else's signature", { forged: true }, 700027],
  ])("for %s", async (_, given, code) => {
    const identity = await makeIdentity([writer]);
    lab.pass(18);
    const answer = await logIn(identity, await issuer.token({ subject: writer, ...given }));
    expect(answer).toEqual({ status: 401, error: "invalid_client", code });
  });

  test("for another issuer, no JSON Web Token, none at all, or an identity's secret", async () => {
    const identity = await makeIdentity([writer]);
    lab.pass(18);
    const other = new TestIssuer();
    await other.start();
    expect(await logIn(identity, await other.token({ subject: writer }))).toMatchObject({ status: 401, code: 700211 });
    await other.stop();
    expect(await logIn(identity, "token")).toMatchObject({ status: 400, code: 50027 });
    expect(await logIn(identity, "")).toMatchObject({ status: 401, code: 7000216 });
    // The deployer's own login is by its secret only.
    const deployer = { clientId: client.id };
    expect(await logIn(deployer, await issuer.token({ subject: writer }))).toMatchObject({ code: 7000215 });
  });

  test("for a token that is not signed, or by a key that anybody has", async () => {
    const identity = await makeIdentity([writer]);
    lab.pass(18);
    const [, claims] = (await issuer.token({ subject: writer })).split(".");
    const header = (alg: string) => Buffer.from(JSON.stringify({ alg, typ: "JWT", kid: "one" })).toString("base64url");
    for (const algorithm of ["none", "HS256"])
      expect(await logIn(identity, `${header(algorithm)}.${claims}.AAAA`)).toMatchObject({ status: 401, code: 700027 });
  });

  test("for a token that is wrong in several ways, and its subject is told first", async () => {
    const identity = await makeIdentity([writer]);
    lab.pass(18);
    const token = await issuer.token({ subject: "other", expires: -1, forged: true });
    expect(await logIn(identity, token)).toMatchObject({ code: 700213 });
    const ended = await issuer.token({ subject: writer, expires: -1, forged: true });
    expect(await logIn(identity, ended)).toMatchObject({ code: 700027 });
  });

  test("where the issuer does not answer", async () => {
    const gone = new TestIssuer();
    await gone.start();
    const identity = await makeIdentity([writer], gone);
    lab.pass(18);
    const token = await gone.token({ subject: writer });
    await gone.stop();
    expect(await logIn(identity, token)).toMatchObject({ status: 400, code: 50166 });
  });
});

describe("with the subjects that bin/azure-state writes,", () => {
  const production = { protected: true, tier: "production" };
  const development = { protected: true, tier: "development" };
  const job = (given: Partial<Job>): Job => ({ project: "group/platform", ref: "main", refProtected: true, ...given });
  const subjects = {
    writer,
    reader: gitlabSubject(job({ ref: "any", refProtected: false })),
    "prod-exact": gitlabSubject(job({ refProtected: false, environment: production })),
    "dev-exact": gitlabSubject(job({ refProtected: false, environment: development })),
  };
  type Name = keyof typeof subjects;

  test("which are these,", () => {
    const project = "project_path:group/platform:ref_type:branch";
    expect(subjects).toEqual({
      writer: `${project}:ref_protected:true:environment_protected:true:deployment_tier:production`,
      reader: `${project}:ref_protected:false`,
      "prod-exact": `${project}:ref_protected:false:environment_protected:true:deployment_tier:production`,
      "dev-exact": `${project}:ref_protected:false:environment_protected:true:deployment_tier:development`,
    });
  });

  const trusted = new Map<string, Identity>();
  beforeAll(async () => {
    for (const [name, subject] of Object.entries(subjects)) trusted.set(name, await makeIdentity([subject]));
    lab.pass(18);
  });

  async function whoIs(one: Job): Promise<string> {
    const token = await issuer.token({ subject: gitlabSubject(one) });
    const found: string[] = [];
    for (const [name, identity] of trusted) if ("token" in (await logIn(identity, token))) found.push(name);
    return found.join(" and ") || "nobody";
  }

  test.each<[string, Job, Name | "nobody"]>([
    ["main's job in the protected environment writes", job({ environment: production }), "writer"],
    ["main's job without an environment does neither", job({}), "nobody"],
    [
      "main's job in another stack's environment is not this one's writer",
      job({ environment: { protected: true, tier: "other" } }),
      "nobody",
    ],
    ["a merge request reads", job({ ref: "feature", refProtected: false }), "reader"],
    [
      "a merge request from a branch called main, merged into somebody's branch, reads",
      job({ refProtected: false }),
      "reader",
    ],
    [
      "a merge request in a protected environment, whichever it is, reads exactly the stack whose tier its job names",
      job({ refProtected: false, environment: production }),
      "prod-exact",
    ],
    [
      "a merge request in a protected environment of another tier reads exactly no other stack",
      job({ refProtected: false, environment: development }),
      "dev-exact",
    ],
    [
      "a merge request that calls its own environment production is nobody",
      job({ refProtected: false, environment: { protected: false, tier: "production" } }),
      "nobody",
    ],
    [
      "a merge request from a fork's main is nobody, run in the project, too",
      job({ project: "mallory/platform", refProtected: false }),
      "nobody",
    ],
    [
      "a fork's own protected main with a protected environment is nobody",
      job({ project: "mallory/platform", environment: production }),
      "nobody",
    ],
    ["a protected tag is nobody", job({ refType: "tag", ref: "v1", environment: production }), "nobody"],
    [
      "a branch whose name tries to be more than a name reads",
      job({ ref: "x:ref_protected:true:environment_protected:true:deployment_tier:production", refProtected: false }),
      "reader",
    ],
  ])("%s", async (_, one, expected) => {
    expect(await whoIs(one)).toBe(expected);
  });

  test("while with GitLab's usual subject a merge request from main would be main", () => {
    const usual = ["project_path", "ref_type", "ref"];
    expect(gitlabSubject(job({ refProtected: false }), usual)).toBe(
      gitlabSubject(job({ environment: production }), usual),
    );
  });
});

describe("an identity that logged in", () => {
  const reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
  const storage = `${group}/providers/Microsoft.Storage/storageAccounts/stone`;
  const vault = `${group}/providers/Microsoft.KeyVault/vaults/kv-one`;
  let authorization: string;
  let identity: Identity;
  const as = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await lab.fetch(method, path, body, { authorization });
    return [status, (answer as { error?: { code: string } }).error?.code];
  };

  beforeAll(async () => {
    await lab.call("PUT", `${storage}?api-version=2024-01-01`, {
      location: "westeurope",
      sku: { name: "Standard_LRS" },
      kind: "StorageV2",
    });
    await lab.call("PUT", `${vault}?api-version=2024-11-01`, {
      location: "westeurope",
      properties: { tenantId: tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
    });
    lab.report();
    await lab.call("PUT", `${vault}/secrets/password?api-version=2024-11-01`, { properties: { value: "hidden" } });
  });
  beforeEach(async () => {
    identity = await makeIdentity([writer]);
    lab.pass(18);
    const answer = await logIn(identity, await issuer.token({ subject: writer }));
    authorization = `Bearer ${(answer as { token: string }).token}`;
  });

  test("may do nothing without a role", async () => {
    expect(await as("GET", `${group}?api-version=2024-03-01`)).toEqual([403, "AuthorizationFailed"]);
  });

  test("as a Reader of the subscription sees what stands, changes nothing and is told no secret", async () => {
    await assign(`/subscriptions/${subscription}`, identity, reader);
    lab.pass(18);
    for (const path of [group, `/subscriptions/${subscription}/providers/Microsoft.Compute`])
      expect(await as("GET", `${path}?api-version=2024-03-01`)).toEqual([200, undefined]);
    const { body } = await lab.fetch("GET", `${vault}/secrets/password?api-version=2024-11-01`, undefined, {
      authorization,
    });
    expect(JSON.stringify(body)).not.toContain("hidden");
    const refused = [403, "AuthorizationFailed"];
    const location = { location: "westeurope" };
    expect(await as("PUT", `${group}2?api-version=2024-03-01`, location)).toEqual(refused);
    expect(await as("DELETE", `${group}?api-version=2024-03-01`)).toEqual(refused);
    expect(await as("PATCH", `${storage}?api-version=2024-01-01`, { tags: {} })).toEqual(refused);
    for (const action of ["listKeys", "regenerateKey"])
      expect(await as("POST", `${storage}/${action}?api-version=2024-01-01`, {})).toEqual(refused);
    expect(await as("PUT", `${identity.id}/federatedIdentityCredentials/mine?${version}`, {})).toEqual(refused);
    expect((await assignAs("b24988ac-6180-42a0-ab88-20f7382dd24c")).slice(0, 2)).toEqual(refused);
    // A question that is asked by POST is a read.
    const question = `/subscriptions/${subscription}/providers/Microsoft.KeyVault/checkNameAvailability`;
    const asked = { name: "kv-two", type: "Microsoft.KeyVault/vaults" };
    expect(await as("POST", `${question}?api-version=2024-11-01`, asked)).toEqual([200, undefined]);
  });

  const assignAs = (role: string) =>
    as(
      "PUT",
      `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleAssignments/${guid()}?api-version=2022-04-01`,
      {
        properties: {
          principalId: identity.principalId,
          principalType: "ServicePrincipal",
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        },
      },
    );

  test("as a Reader gets no secret from the vault itself, and with a role on one container reads that one only", async () => {
    const blobReader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
    const containers = `${storage}/blobServices/default/containers`;
    for (const name of ["state", "previews"])
      await lab.call("PUT", `${containers}/${name}?api-version=2024-01-01`, { properties: {} });
    await assign(`/subscriptions/${subscription}`, identity, reader);
    await assign(`${containers}/previews`, identity, blobReader);
    lab.pass(18);
    const bearer = async (scope: string) => {
      const answer = await logIn(identity, await issuer.token({ subject: writer }), `${scope}/.default`);
      return { authorization: `Bearer ${(answer as { token: string }).token}` };
    };
    const ofVaults = await bearer(`https://${vaultSuffix}`);
    const secret = `https://kv-one.${vaultSuffix}/secrets/password?api-version=7.4`;
    expect(await lab.service("GET", secret, undefined, ofVaults)).toMatchObject({
      status: 403,
      body: { error: { innererror: { code: "ForbiddenByRbac" } } },
    });
    const ofBlobs = { ...(await bearer("https://storage.azure.com")), [blobHeaders.check]: "before" };
    const blob = async (method: string, path: string) =>
      (await lab.service(method, `https://stone.blob.${storageSuffix}/${path}`, undefined, ofBlobs)).status;
    expect(await blob("GET", "previews/.pulumi/stacks/platform/dev.json")).toBe(204);
    expect(await blob("PUT", "previews/.pulumi/stacks/platform/dev.json")).toBe(403);
    expect(await blob("GET", "state/.pulumi/stacks/platform/dev.json")).toBe(403);
  });

  test("as a Contributor makes and deletes, and gives no roles; the administrator of roles does that", async () => {
    const scope = `/subscriptions/${subscription}`;
    await assign(scope, identity, "b24988ac-6180-42a0-ab88-20f7382dd24c");
    lab.pass(18);
    expect(await as("PUT", `${group}2?api-version=2024-03-01`, { location: "westeurope" })).toEqual([201, undefined]);
    expect(await assignAs(reader)).toEqual([403, "AuthorizationFailed"]);
    await assign(scope, identity, "f58310d9-a9f6-439a-9e8d-f62e7b41a168");
    lab.pass(18);
    expect(await assignAs(reader)).toEqual([201, undefined]);
  });
});

describe("an issuer", () => {
  test("is asked on this machine only", async () => {
    for (const url of ["https://gitlab.com", "http://169.254.169.254", "file:///etc", "http://127.0.0.1.example"])
      await expect(issuerKeys(url)).rejects.toThrow("on its own machine only");
  });

  test("that names another, or leads elsewhere, is refused", async () => {
    let answer: object = {};
    const server = createServer((_, response) => response.end(JSON.stringify(answer)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    answer = { issuer: "https://gitlab.com", jwks_uri: `${url}/keys` };
    await expect(issuerKeys(url)).rejects.toThrow("is that of 'https://gitlab.com'");
    answer = { issuer: url, jwks_uri: "https://elsewhere.example/keys" };
    await expect(issuerKeys(url)).rejects.toThrow("on its own machine only");
    server.close();
  });
});
