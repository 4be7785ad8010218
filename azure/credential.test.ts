import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cloudOf, type Cloud } from "../environment/cloud.ts";
import { logInWithout } from "./credential.ts";

/** Azure's own identities, which tell how they were made instead of asking anybody. */
vi.mock("@azure/identity", () => {
  const recorder = (kind: string) =>
    class {
      readonly kind = kind;
      readonly given: unknown[];
      constructor(...given: unknown[]) {
        this.given = given;
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
): Promise<Made & { subscriptionId: string }> {
  const { credential, subscriptionId } = await logInWithout((name) => settings[name], cloud, variables);
  return { ...(credential as unknown as Made), subscriptionId };
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

test("a token of OpenID Connect is preferred to a secret, and read anew from its file each time", async () => {
  const file = join(directory, "token");
  const variables = { ...application, ARM_USE_OIDC: "true", ARM_CLIENT_SECRET: "secret" };
  const { kind, given } = await made({ ...variables, ARM_OIDC_TOKEN: "token" });
  expect([kind, ...given.slice(0, 2)]).toEqual(["ClientAssertion", "tenant", "client"]);
  expect(await (given[2] as () => Promise<string>)()).toBe("token");
  const { given: ofFile } = await made({ ...variables, ARM_OIDC_TOKEN_FILE_PATH: file });
  for (const token of ["first", "second"]) {
    writeFileSync(file, `${token}\n`);
    expect(await (ofFile[2] as () => Promise<string>)()).toBe(token);
  }
  const { given: without } = await made(variables);
  await expect((without[2] as () => Promise<string>)()).rejects.toThrow("ARM_OIDC_TOKEN or ARM_OIDC_TOKEN_FILE_PATH");
});

test("a managed identity is asked where it is told so, else the Azure CLI", async () => {
  expect(await made({ ...application, ARM_USE_MSI: "true" })).toMatchObject({
    kind: "ManagedIdentity",
    given: [{ clientId: "client" }],
  });
  expect(await made({ ARM_SUBSCRIPTION_ID: "sub" })).toMatchObject({ kind: "AzureCli", given: [{}] });
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
