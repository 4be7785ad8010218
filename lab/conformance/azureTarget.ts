/** Azure, or any other endpoint of Azure Resource Manager. */
import { setTimeout as sleep } from "node:timers/promises";
import type { TokenCredential } from "@azure/core-auth";
import type { SentRequest, Target } from "./target.ts";

export interface AzureOptions {
  subscription: string;
  location: string;
  /** `https://management.azure.com`, or the lab's address. */
  endpoint: string;
}

/** What the endpoint and the token tell of the tenant, of whoever is signed in, and of the cloud. */
export interface Surroundings {
  tenant: string;
  principalId: string;
  /** Of the names of vaults. */
  vaultSuffix: string;
}

export async function surroundingsOf(endpoint: string, credential: TokenCredential): Promise<Surroundings> {
  const { token } = (await credential.getToken(`${endpoint}/.default`))!;
  const claims = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { tid: string; oid: string };
  const cloud = await fetch(`${endpoint}/metadata/endpoints?api-version=2022-09-01`);
  const { suffixes } = (await cloud.json()) as { suffixes: { keyVaultDns: string } };
  return { tenant: claims.tid, principalId: claims.oid, vaultSuffix: suffixes.keyVaultDns.replace(/^\./, "") };
}

/** Azure's own; others do not take part in its discovery of sign-in servers. */
export const publicEndpoint = "https://management.azure.com";

const throttledTries = 10;

/** Azure says that it takes up to ten. */
const minutesUntilRightsCount = 10;

/** With AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or whoever is signed in on this machine. */
export async function credentialOf(endpoint: string): Promise<TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import("@azure/identity");
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: secret } = process.env;
  const authorityHost = process.env["AZURE_AUTHORITY_HOST"];
  const options = { disableInstanceDiscovery: endpoint !== publicEndpoint, ...(authorityHost && { authorityHost }) };
  return tenant && client && secret
    ? new ClientSecretCredential(tenant, client, secret, options)
    : new DefaultAzureCredential(options);
}

export function azureTarget(options: AzureOptions, credential: TokenCredential, surroundings: Surroundings): Target {
  const { endpoint, subscription, location } = options;
  const { vaultSuffix } = surroundings;
  const host = new URL(endpoint).host;
  const tokens = new Map<string, { token: string; expiresOnTimestamp: number }>();

  const bearer = async (audience: string): Promise<string> => {
    const last = tokens.get(audience);
    if (last && last.expiresOnTimestamp > Date.now() + 5 * 60_000) return last.token;
    const token = await credential.getToken(`${audience}/.default`);
    if (token === null) throw new Error("No token was issued");
    tokens.set(audience, token);
    return token.token;
  };

  const once = async ({ method, url, headers, body }: SentRequest): Promise<Response> => {
    const address = new URL(url, endpoint);
    const isVault = address.hostname.endsWith(`.${vaultSuffix}`);
    // An answer's address is followed only where the token belongs.
    if (address.host !== host && !isVault)
      throw new Error(`${address.href} is not at ${host}: the token is not sent there`);
    const authorization = `Bearer ${await bearer(isVault ? `https://${vaultSuffix}` : endpoint)}`;
    return fetch(address, { method, headers: { authorization, ...headers }, ...(body !== undefined && { body }) });
  };

  return {
    name: "azure",
    subscription,
    location,
    otherLocation: location === "northeurope" ? "westeurope" : "northeurope",
    variables: { ...surroundings },
    untilRightsCount: () => sleep(minutesUntilRightsCount * 60_000),
    pause: (retryAfter) => Math.min(Math.max(retryAfter, 1), 30) * 1000,
    send: async (request) => {
      let response = await once(request);
      for (let tries = 1; response.status === 429 && tries < throttledTries; tries += 1) {
        await sleep(Number(response.headers.get("retry-after") ?? 10) * 1000);
        response = await once(request);
      }
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") === true && text !== "";
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: isJson ? (JSON.parse(text) as unknown) : text === "" ? undefined : text,
      };
    },
  };
}
