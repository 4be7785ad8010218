import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cloudOf, type Cloud } from "../environment/cloud.ts";
import { logInWithout } from "./credential.ts";

const last = vi.hoisted(() => ({ made: undefined as Made | undefined }));

/** Azure's own identities, which tell how they were made instead of asking anybody. */
vi.mock("@azure/identity", () => {
  const recorder = (kind: string) =>
    class {
      readonly given: unknown[];
      constructor(...given: unknown[]) {
        this.given = given;
        last.made = { kind, given };
      }
      async getToken() {
        if (kind === "ClientAssertion") await (this.given[2] as () => Promise<string>)();
        throw new Error("AADSTS1");
      }
    };
  const kinds = ["ClientSecret", "ClientAssertion", "ManagedIdentity", "AzureCli"];
  return Object.fromEntries(kinds.map((kind) => [`${kind}Credential`, recorder(kind)]));
});

interface Made {
  kind: string;
  given: unknown[];
}

const azure = cloudOf("public", undefined);
const application = { ARM_SUBSCRIPTION_ID: "sub", ARM_TENANT_ID: "tenant", ARM_CLIENT_ID: "client" };

async function made(
  variables: Record<string, string>,
  settings: Record<string, string> = {},
  cloud: Cloud = azure,
): Promise<Made & { subscriptionId: string; failure: () => Promise<unknown> }> {
  const { credential, subscriptionId } = await logInWithout((name) => settings[name], cloud, variables);
  return { ...last.made!, subscriptionId, failure: () => credential.getToken("scope") };
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "credential-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

test("a client's secret is that of the variables, or of the stack, whose settings count first", async () => {
  const variables = { ...application, ARM_CLIENT_SECRET: "secret" };
  const ofVariables = await made(variables);
  expect(ofVariables).toMatchObject({ kind: "ClientSecret", subscriptionId: "sub" });
  expect(ofVariables.given.slice(0, 3)).toEqual(["tenant", "client", "secret"]);
  const settings = { subscriptionId: "own", tenantId: "own tenant", clientSecret: "own secret" };
  const ofStack = await made(variables, settings);
  expect(ofStack).toMatchObject({
    subscriptionId: "own",
    given: ["own tenant", "client", "own secret", expect.anything()],
  });
});

test("a secret is preferred to a token of OpenID Connect, which is read anew from its file each time", async () => {
  const file = join(directory, "token");
  const variables = { ...application, ARM_USE_OIDC: "true" };
  expect((await made({ ...variables, ARM_CLIENT_SECRET: "secret" })).kind).toBe("ClientSecret");
  // As the provider reads it.
  expect((await made({ ...variables, ARM_USE_OIDC: "1" })).kind).toBe("AzureCli");
  const { kind, given } = await made({ ...variables, ARM_OIDC_TOKEN: "token" });
  expect([kind, ...given.slice(0, 2)]).toEqual(["ClientAssertion", "tenant", "client"]);
  expect(await (given[2] as () => Promise<string>)()).toBe("token");
  const { given: ofFile } = await made({ ...variables, ARM_OIDC_TOKEN_FILE_PATH: file });
  for (const token of ["first", "second"]) {
    writeFileSync(file, `${token}\n`);
    expect(await (ofFile[2] as () => Promise<string>)()).toBe(token);
  }
  const { given: without } = await made(variables);
  await expect((without[2] as () => Promise<string>)()).rejects.toThrow("ARM_OIDC_TOKEN_FILE_PATH");
});

test("a failure says which login it was, and where its client comes from", async () => {
  const job = { ...application, ARM_USE_OIDC: "true", ARM_OIDC_TOKEN: "token" };
  const ofStack = await made(job, { clientId: "own" });
  expect(ofStack.given.slice(0, 2)).toEqual(["tenant", "own"]);
  await expect(ofStack.failure()).rejects.toThrow(
    "login to Azure as client own of azure-native:clientId, by OpenID Connect (ARM_USE_OIDC): AADSTS1",
  );
  await expect((await made({ ...job, ARM_OIDC_TOKEN: "" })).failure()).rejects.toThrow(
    /client client of ARM_CLIENT_ID.*given no token/,
  );
  const secret = await made({ ...application, ARM_CLIENT_SECRET: "hidden" });
  const failure = await secret.failure().catch((error: Error) => error.message);
  expect(failure).toContain("with the secret of ARM_CLIENT_SECRET: AADSTS1");
  expect(failure).not.toContain("hidden");
  await expect((await made({ ARM_SUBSCRIPTION_ID: "sub" })).failure()).rejects.toThrow("as the Azure CLI, since");
});

test("where the provider would log in by what is not known here, nobody else is logged in", async () => {
  await expect(made({ ...application, ARM_CLIENT_CERTIFICATE_PATH: "a.pfx" })).rejects.toThrow(
    "login to Azure: given ARM_CLIENT_CERTIFICATE_PATH, by which Pulumi's provider logs in",
  );
  await expect(made(application, { useDefaultAzureCredential: "true" })).rejects.toThrow(
    "given azure-native:useDefaultAzureCredential",
  );
});

test("a managed identity is asked where it is told so, else the Azure CLI", async () => {
  expect(await made({ ...application, ARM_USE_MSI: "true" })).toMatchObject({
    kind: "ManagedIdentity",
    given: [{ clientId: "client" }],
  });
  expect(await made({ ARM_SUBSCRIPTION_ID: "sub" })).toMatchObject({
    kind: "AzureCli",
    given: [{ subscription: "sub" }],
  });
});

test("tokens are had where the cloud has them, and only Azure's own clouds take part in discovery", async () => {
  const variables = { ...application, ARM_CLIENT_SECRET: "secret" };
  const optionsOf = async (cloud: Cloud) => (await made(variables, {}, cloud)).given[3];
  expect(await optionsOf(azure)).toEqual({ disableInstanceDiscovery: false });
  expect(await optionsOf(cloudOf("china", undefined))).toEqual({
    authorityHost: "https://login.chinacloudapi.cn",
    disableInstanceDiscovery: false,
  });
  const metadata = {
    resourceManager: "https://arm.example",
    suffixes: { keyVaultDns: ".vault.example", storage: "core.example" },
    authentication: { loginEndpoint: "https://login.example" },
  };
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json(metadata)));
  expect(await optionsOf({ metadataHost: "arm.example" })).toEqual({
    authorityHost: "https://login.example",
    disableInstanceDiscovery: true,
  });
});

test("what is missing is named", async () => {
  await expect(made({ ARM_SUBSCRIPTION_ID: "sub", ARM_CLIENT_ID: "c", ARM_CLIENT_SECRET: "s" })).rejects.toThrow(
    "login to Azure: given no ARM_TENANT_ID",
  );
  // No az is found there.
  vi.stubEnv("PATH", directory);
  await expect(made({ ARM_TENANT_ID: "t", ARM_CLIENT_ID: "c", ARM_CLIENT_SECRET: "s" })).rejects.toThrow(
    "Set ARM_SUBSCRIPTION_ID, with ARM_TENANT_ID",
  );
});
