/** The cloud behind a metadata host: its endpoints, and a credential for it. */
import { readFileSync } from "node:fs";
import type { TokenCredential } from "@azure/core-auth";
import type { Settings } from "./settings.ts";

export interface Cloud {
  /** ARM's address, without a slash at its end. */
  endpoint: string;
  /** What a token for ARM is asked for. */
  audience: string;
  credential: TokenCredential;
}

interface Endpoints {
  name?: string;
  resourceManager: string;
  authentication: { loginEndpoint: string; audiences: string[] };
}

/** Asks the metadata host; the answer is one cloud, or Azure's list of clouds. */
export async function discover(settings: Settings): Promise<Cloud> {
  const url = `https://${settings.metadataHost.replace(/^https:\/\//, "")}/metadata/endpoints?api-version=2022-09-01`;
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(
      `No answer from ${url}: ${cause}. Is the lab running (bin/lab status), and does NODE_EXTRA_CA_CERTS ` +
        "name its authority's certificate?",
      { cause: error },
    );
  }
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const body = (await response.json()) as Endpoints | Endpoints[];
  const endpoints = Array.isArray(body) ? (body.find(({ name }) => name === settings.environment) ?? body[0]) : body;
  const audience = endpoints?.authentication?.audiences?.[0];
  if (!endpoints || audience === undefined) {
    throw new Error(`${url} names no authentication.audiences: ${JSON.stringify(body)}`);
  }
  const credential = await credentialOf(settings, endpoints.authentication.loginEndpoint);
  return {
    endpoint: endpoints.resourceManager.replace(/\/+$/, ""),
    audience: audience.replace(/\/+$/, ""),
    credential,
  };
}

async function credentialOf({ tenantId, clientId, login }: Settings, authorityHost: string): Promise<TokenCredential> {
  // Only what really calls ARM pays for loading the identity library.
  const { ClientAssertionCredential, ClientSecretCredential } = await import("@azure/identity");
  const options = { authorityHost, disableInstanceDiscovery: true };
  if ("clientSecret" in login) return new ClientSecretCredential(tenantId, clientId, login.clientSecret, options);
  // As the real plugin does, the file is read once, and is the token to its last sign: an end of line, too.
  const token = "oidcToken" in login ? login.oidcToken : tokenIn(login.oidcTokenFilePath);
  return new ClientAssertionCredential(tenantId, clientId, () => Promise.resolve(token), options);
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`azure-native:oidcTokenFilePath (or ARM_OIDC_TOKEN_FILE_PATH): ${String(error)}`, { cause: error });
  }
}
