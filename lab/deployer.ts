/** The lab's deployer as Azure's clients have it: its login, and where the lab's ARM is on this machine. */
import { readFileSync } from "node:fs";
import { ClientSecretCredential } from "@azure/identity";
import { authority } from "./authority.ts";
import { credentials } from "./credentials.ts";
import { armPort, secondsPerMinute } from "./settings.ts";

export function deployer() {
  const { subscriptionId, tenantId, clientId, clientSecret } = credentials();
  const endpoint = `https://127.0.0.1:${armPort}`;
  const tlsOptions = { ca: readFileSync(authority().caFile, "utf8") };
  const login = { authorityHost: endpoint, disableInstanceDiscovery: true, tlsOptions };
  return {
    subscriptionId,
    clientId,
    credential: new ClientSecretCredential(tenantId, clientId, clientSecret, login),
    options: { endpoint, tlsOptions },
  };
}

/** Seconds until what a role assignment gives is in effect. */
export const rightsSeconds = 3 * secondsPerMinute + 2;
