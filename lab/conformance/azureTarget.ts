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

/** Azure's own; others do not take part in its discovery of sign-in servers. */
export const publicEndpoint = "https://management.azure.com";

const throttledTries = 10;

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

export function azureTarget(options: AzureOptions, credential: TokenCredential): Target {
  const { endpoint, subscription, location } = options;
  const host = new URL(endpoint).host;
  let token: { token: string; expiresOnTimestamp: number } | undefined;

  const bearer = async (): Promise<string> => {
    if (token === undefined || token.expiresOnTimestamp < Date.now() + 5 * 60_000) {
      token = (await credential.getToken(`${endpoint}/.default`)) ?? undefined;
      if (token === undefined) throw new Error("No token was issued");
    }
    return token.token;
  };

  const once = async ({ method, url, headers, body }: SentRequest): Promise<Response> => {
    const address = new URL(url, endpoint);
    // An answer's address is followed only where the token belongs.
    if (address.host !== host) throw new Error(`${address.href} is not at ${host}: the token is not sent there`);
    const authorization = `Bearer ${await bearer()}`;
    return fetch(address, { method, headers: { authorization, ...headers }, ...(body !== undefined && { body }) });
  };

  return {
    name: "azure",
    subscription,
    location,
    otherLocation: location === "northeurope" ? "westeurope" : "northeurope",
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
