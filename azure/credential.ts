/**
 * A login to Azure without Pulumi, by the settings and variables that the azure-native provider has, tried in its order:
 * a client's secret, a token of OpenID Connect, a managed identity, the Azure CLI.
 * https://www.pulumi.com/registry/packages/azure-native/installation-configuration
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { TokenCredential } from "@azure/core-auth";
import type { Cloud, Endpoints } from "../environment/cloud.ts";
import { endpointsOf, type Login } from "./arm.ts";

/** A login, and where the cloud's services are. */
export interface Entry extends Login {
  endpoints: Endpoints;
}

/** What a setting of the provider says, or else its variable. */
export type Ask = (setting: string, variable: string) => string | undefined;

/**
 * Logs in at a cloud.
 *
 * @param provider The stack's settings `azure-native:<name>`; variables say what it does not.
 * @throws Error that names what is missing.
 */
export async function logInWithout(
  provider: (name: string) => string | undefined,
  cloud: Cloud,
  variables: NodeJS.ProcessEnv = process.env,
): Promise<Entry> {
  const ask: Ask = (setting, variable) => provider(setting) || variables[variable] || undefined;
  const endpoints = await endpointsOf(cloud);
  const credential = await credentialOf(ask, cloud, endpoints);
  const subscriptionId = ask("subscriptionId", "ARM_SUBSCRIPTION_ID") ?? (await subscriptionOfCli());
  return { endpoint: endpoints.resourceManager, subscriptionId, credential, endpoints };
}

/**
 * A login by what is there.
 *
 * @throws Error that names what is missing.
 */
export async function credentialOf(ask: Ask, cloud: Cloud, { login }: Endpoints): Promise<TokenCredential> {
  const identity = await import("@azure/identity");
  const options = {
    ...(login === undefined ? {} : { authorityHost: login }),
    // Only Azure's own clouds take part in the discovery of where tokens are had.
    disableInstanceDiscovery: "metadataHost" in cloud,
  };
  const client = ask("clientId", "ARM_CLIENT_ID");
  const tenant = ask("tenantId", "ARM_TENANT_ID");
  const secret = ask("clientSecret", "ARM_CLIENT_SECRET");
  const subscription = ask("subscriptionId", "ARM_SUBSCRIPTION_ID");
  // Another login in place of the provider's could be somebody else's.
  for (const [setting, variable] of unknownLogins)
    if (![undefined, "false"].includes(ask(setting, variable)))
      throw new Error(
        `login to Azure: given ${sourceOf(ask, setting, variable)}, by which Pulumi's provider logs in and this command ` +
          "cannot; allowed are a client's secret, OpenID Connect, a managed identity and the Azure CLI",
      );
  const required = (value: string | undefined, variable: string): string => {
    if (value !== undefined) return value;
    throw new Error(`login to Azure: given no ${variable}, allowed is the one that belongs to the others; set it`);
  };
  const application = () => [required(tenant, "ARM_TENANT_ID"), required(client, "ARM_CLIENT_ID")] as const;
  const who = `client ${client} of ${sourceOf(ask, "clientId", "ARM_CLIENT_ID")}`;
  if (secret !== undefined)
    return named(
      new identity.ClientSecretCredential(...application(), secret, options),
      `${who}, with the secret of ${sourceOf(ask, "clientSecret", "ARM_CLIENT_SECRET")}`,
    );
  if (isOn(ask("useOidc", "ARM_USE_OIDC")))
    return named(
      new identity.ClientAssertionCredential(...application(), () => assertion(ask), options),
      `${who}, by OpenID Connect (${sourceOf(ask, "useOidc", "ARM_USE_OIDC")})`,
    );
  if (isOn(ask("useMsi", "ARM_USE_MSI")))
    return named(
      new identity.ManagedIdentityCredential(client === undefined ? {} : { clientId: client }),
      `the managed identity ${client ?? "of this machine"} (${sourceOf(ask, "useMsi", "ARM_USE_MSI")})`,
    );
  // The Azure CLI takes one of both.
  const account = tenant !== undefined ? { tenantId: tenant } : subscription !== undefined ? { subscription } : {};
  return named(new identity.AzureCliCredential(account), "the Azure CLI, since nothing else was given");
}

/** By what else the provider logs in. */
const unknownLogins = [
  ["useDefaultAzureCredential", "ARM_USE_DEFAULT_AZURE_CREDENTIAL"],
  ["clientCertificatePath", "ARM_CLIENT_CERTIFICATE_PATH"],
] as const;

/** Where a value comes from: the stack's file, which counts first, or a variable. */
const sourceOf = (ask: Ask, setting: string, variable: string): string =>
  ask(setting, "") === undefined ? variable : `azure-native:${setting}`;

/** The same credential, whose failures say which login it was. */
function named(credential: TokenCredential, login: string): TokenCredential {
  return {
    getToken: async (...request) => {
      try {
        return await credential.getToken(...request);
      } catch (cause) {
        throw new Error(`login to Azure as ${login}: ${(cause as Error).message}`, { cause });
      }
    },
  };
}

// As the provider reads it.
const isOn = (value: string | undefined): boolean => value === "true";

/** The token that says who we are. It is read anew each time, since a file may be written anew. */
async function assertion(ask: Ask): Promise<string> {
  const token = ask("oidcToken", "ARM_OIDC_TOKEN");
  const file = ask("oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH");
  if (token !== undefined) return token;
  if (file !== undefined) return (await readFile(file, "utf8")).trim();
  throw new Error("given no token, allowed is one in ARM_OIDC_TOKEN, or in the file of ARM_OIDC_TOKEN_FILE_PATH");
}

async function subscriptionOfCli(): Promise<string> {
  try {
    const args = ["account", "show", "--query", "id", "--output", "tsv"];
    const { stdout } = await promisify(execFile)("az", args);
    return stdout.trim();
  } catch (cause) {
    throw new Error(
      "login to Azure: given neither a subscription nor an Azure CLI that has one. Set ARM_SUBSCRIPTION_ID, with " +
        "ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET or ARM_USE_OIDC; or run: az login",
      { cause },
    );
  }
}
