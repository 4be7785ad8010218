/**
 * A login to Azure without Pulumi, by the settings and variables that the azure-native provider has, tried in its order:
 * a token of OpenID Connect, a client's secret, a managed identity, the Azure CLI.
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
  const required = (value: string | undefined, variable: string): string => {
    if (value !== undefined) return value;
    throw new Error(`login to Azure: given no ${variable}, allowed is the one that belongs to the others; set it`);
  };
  const application = () => [required(tenant, "ARM_TENANT_ID"), required(client, "ARM_CLIENT_ID")] as const;
  if (isOn(ask("useOidc", "ARM_USE_OIDC")))
    return new identity.ClientAssertionCredential(...application(), () => assertion(ask), options);
  if (secret !== undefined) return new identity.ClientSecretCredential(...application(), secret, options);
  if (isOn(ask("useMsi", "ARM_USE_MSI")))
    return new identity.ManagedIdentityCredential(client === undefined ? {} : { clientId: client });
  return new identity.AzureCliCredential(tenant === undefined ? {} : { tenantId: tenant });
}

const isOn = (value: string | undefined): boolean => value === "true" || value === "1";

/** The token that says who we are. It is read anew each time, since a file may be written anew. */
async function assertion(ask: Ask): Promise<string> {
  const token = ask("oidcToken", "ARM_OIDC_TOKEN");
  const file = ask("oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH");
  if (token !== undefined) return token;
  if (file !== undefined) return (await readFile(file, "utf8")).trim();
  throw new Error("login to Azure: given ARM_USE_OIDC, allowed with ARM_OIDC_TOKEN or ARM_OIDC_TOKEN_FILE_PATH");
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
