import { ClientSecretCredential } from "@azure/identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { client, subscription, tenant, TestLab } from "./testing/testLab.ts";

const lab = new TestLab();
beforeAll(() => lab.start());
afterAll(() => lab.stop());

const groups = `/subscriptions/${subscription}/resourcegroups?api-version=2024-03-01`;
const form = { "content-type": "application/x-www-form-urlencoded" };
const tokenPath = `/${tenant}/oauth2/v2.0/token`;

test("the cloud's metadata names this server as login and as resource manager", async () => {
  const { body } = await lab.fetch("GET", "/metadata/endpoints?api-version=2022-09-01");
  expect(body).toMatchObject({
    resourceManager: lab.endpoint,
    authentication: { loginEndpoint: lab.endpoint, tenant: "common" },
  });
  expect((body as { authentication: { audiences: string[] } }).authentication.audiences[0]).toBe(lab.endpoint);
  const { body: list } = await lab.fetch("GET", "/metadata/endpoints?api-version=2019-05-01");
  expect(list).toMatchObject([{ resourceManager: lab.endpoint }]);
});

test("OpenID configuration and instance discovery lead to the token endpoint", async () => {
  const { body } = await lab.fetch("GET", `/${tenant}/v2.0/.well-known/openid-configuration`);
  expect(body).toMatchObject({
    token_endpoint: `${lab.endpoint}${tokenPath}`,
    issuer: `${lab.endpoint}/${tenant}/v2.0`,
  });
  const { body: keys } = await lab.fetch("GET", new URL((body as { jwks_uri: string }).jwks_uri).pathname);
  expect(keys).toMatchObject({ keys: [{ kty: "RSA", alg: "RS256" }] });
  const { body: found } = await lab.fetch(
    "GET",
    `/common/discovery/instance?api-version=1.1&authorization_endpoint=${lab.endpoint}/${tenant}/oauth2/v2.0/authorize`,
  );
  expect(found).toMatchObject({
    tenant_discovery_endpoint: `${lab.endpoint}/${tenant}/v2.0/.well-known/openid-configuration`,
  });
});

test("Azure's own identity library logs in with the client secret, and not with another", async () => {
  const options = {
    authorityHost: lab.endpoint,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: lab.certificates.ca },
    retryOptions: { maxRetries: 0 },
  };
  const { token } = await new ClientSecretCredential(tenant, client.id, client.secret, options).getToken(
    `${lab.endpoint}/.default`,
  );
  const answer = await lab.fetch("GET", groups, undefined, { authorization: `Bearer ${token}` });
  expect(answer).toMatchObject({ status: 200, body: { value: [] } });
  await expect(
    new ClientSecretCredential(tenant, client.id, "wrong", options).getToken(`${lab.endpoint}/.default`),
  ).rejects.toThrow(/AADSTS7000215/);
});

test("a token for storage accounts has Azure's older issuer, which they look at", async () => {
  const given = { grant_type: "client_credentials", client_id: client.id, client_secret: client.secret };
  const claimsOf = async (scope: string) => {
    const { body } = await lab.fetch("POST", tokenPath, new URLSearchParams({ ...given, scope }).toString(), form);
    return decodeJwt((body as { access_token: string }).access_token);
  };
  expect(await claimsOf("https://storage.azure.com/.default")).toMatchObject({
    aud: "https://storage.azure.com",
    iss: `https://sts.windows.net/${tenant}/`,
    oid: client.id,
  });
  expect(await claimsOf("https://vault.azure.example/.default")).toMatchObject({
    aud: "https://vault.azure.example",
    iss: `${lab.endpoint}/${tenant}/v2.0`,
  });
});

test("what a client asks besides a resource's own scope does not change for whom the token is", async () => {
  const given = { grant_type: "client_credentials", client_id: client.id, client_secret: client.secret };
  for (const scope of [
    "https://vault.azure.example/.default openid offline_access profile",
    "openid https://vault.azure.example/.default",
  ]) {
    const { body } = await lab.fetch("POST", tokenPath, new URLSearchParams({ ...given, scope }).toString(), form);
    expect(decodeJwt((body as { access_token: string }).access_token).aud).toBe("https://vault.azure.example");
  }
});

test("an unknown tenant, client or grant is refused in OAuth's words", async () => {
  const body = (fields: Record<string, string>): string =>
    new URLSearchParams({
      grant_type: "client_credentials",
      client_id: client.id,
      client_secret: client.secret,
      ...fields,
    }).toString();
  expect(await lab.fetch("POST", "/other-tenant/oauth2/v2.0/token", body({}), form)).toMatchObject({
    status: 400,
    body: { error: "invalid_request" },
  });
  expect(await lab.fetch("POST", tokenPath, body({ client_id: "someone" }), form)).toMatchObject({
    status: 400,
    body: { error: "unauthorized_client" },
  });
  expect(await lab.fetch("POST", tokenPath, body({ grant_type: "password" }), form)).toMatchObject({
    status: 400,
    body: { error: "unsupported_grant_type" },
  });
});

test("without a good token every path of ARM answers 401 and how to get one", async () => {
  const missing = await lab.fetch("GET", groups);
  expect(missing).toMatchObject({ status: 401, body: { error: { code: "AuthenticationFailed" } } });
  expect(missing.headers.get("www-authenticate")).toContain("Bearer");
  const token = await lab.token();
  const [head, claims] = token.split(".");
  for (const forged of [`${head}.${claims}.AAAA`, `${token}.AAAA`]) {
    const answer = await lab.fetch("GET", groups, undefined, { authorization: `Bearer ${forged}` });
    expect(answer).toMatchObject({ status: 401, body: { error: { code: "InvalidAuthenticationToken" } } });
  }
});
