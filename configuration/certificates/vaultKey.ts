/**
 * The authority's key in an environment's vault. ARM makes it where it is not there, and the vault itself tells its
 * public part and signs by it; its private part leaves the vault never.
 */
import { createHash } from "node:crypto";
import type { TokenCredential } from "@azure/core-auth";
import type { Connection } from "../../azure/arm.ts";
import { callSeconds, within } from "../../azure/deadline.ts";
import type { Principal } from "../../environment/principals.ts";
import { withoutComment } from "../../environment/sshKey.ts";
import { authorityLine, type Authority } from "./certificate.ts";
import { patiently, put, Refusal, type Waiting } from "./requests.ts";

/** Name of the key in the vault that signs for a principal. */
export const keyName = (principal: Principal): string => `ssh-authority-${principal}`;

const vaultVersion = "2024-11-01";
const dataVersion = "7.4";

/**
 * Makes the key of an authority. One that is there already stays as it is.
 * https://learn.microsoft.com/rest/api/keyvault/keyvault/keys/create-if-not-exist
 *
 * @param keyId Resource ID of the key.
 */
export async function makeKey({ rest }: Connection, keyId: string): Promise<void> {
  await put(rest, keyId, vaultVersion, { properties: { kty: "EC", curveName: "P-256", keyOps: ["sign", "verify"] } });
}

/** A vault's answer to a request for its key. */
interface KeyBundle {
  key: { kid: string; kty: string; crv?: string; x?: string; y?: string };
}

/** https://learn.microsoft.com/rest/api/keyvault/keys/get-key-versions/get-key-versions */
interface Versions {
  value: { kid: string; attributes: { enabled: boolean } }[];
  /** Address of those that follow. */
  nextLink?: string | null;
}

type Ask = (method: "GET" | "POST", address: string, body?: object) => Promise<unknown>;

/** How the vault is asked. */
export interface Asking extends Waiting {
  /** Public keys. While a key changes its newest version may not be among them; then one before it is taken that is. */
  trusted?: readonly string[] | undefined;
}

/** A right that is missing: it may be one that was given a moment ago. */
const withoutRight = "ForbiddenByRbac";

/**
 * The authority that has a key of the vault.
 *
 * @param uri Address of the vault, with a slash at its end.
 * @param suffix What follows the vault's name in it, by which the token is had.
 * @throws Error that says which right or which address is missing.
 */
export async function vaultAuthority(
  credential: TokenCredential,
  uri: string,
  suffix: string,
  principal: Principal,
  { trusted = [], ...waiting }: Asking = {},
): Promise<Authority> {
  const ask: Ask = (method, address, body) => call(credential, suffix, principal, method, address, body);
  const name = keyName(principal);
  const isTrusted = ({ publicKey }: Authority) => trusted.map(withoutComment).includes(publicKey);
  const find = async () => {
    const newest = await authorityAt(`${uri}keys/${name}`, ask);
    if (trusted.length === 0 || isTrusted(newest)) return newest;
    let page: string | null | undefined = `${uri}keys/${name}/versions`;
    while (page) {
      const { value, nextLink } = (await ask("GET", page)) as Versions;
      for (const { kid, attributes } of value) {
        const older = attributes.enabled ? await authorityAt(kid, ask) : newest;
        if (isTrusted(older)) return older;
      }
      page = nextLink;
    }
    return newest;
  };
  return patiently(find, [withoutRight], `until the right to read and use ${name} counts`, waiting);
}

async function authorityAt(address: string, ask: Ask): Promise<Authority> {
  const { key } = (await ask("GET", address)) as KeyBundle;
  if (key.kty.replace(/-HSM$/, "") !== "EC" || key.crv !== "P-256" || !key.x || !key.y)
    throw new Error(`${key.kid}: given a key of type ${key.kty}, ${key.crv}; allowed is EC with curve P-256`);
  return {
    publicKey: authorityLine(Buffer.from(key.x, "base64url"), Buffer.from(key.y, "base64url")),
    async sign(message) {
      const value = createHash("sha256").update(message).digest("base64url");
      const answer = await ask("POST", `${key.kid}/sign`, { alg: "ES256", value });
      return Buffer.from((answer as { value: string }).value, "base64url");
    },
  };
}

/** https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign */
async function call(
  credential: TokenCredential,
  suffix: string,
  principal: Principal,
  method: string,
  address: string,
  body?: object,
): Promise<unknown> {
  const token = await credential.getToken(`https://${suffix}/.default`);
  if (!token) throw new Error(`login to Azure: no token for https://${suffix}`);
  const { status, text } = await within(callSeconds, `${method} ${address}`, async (signal) => {
    // A link to more has its query already.
    const response = await fetch(address.includes("?") ? address : `${address}?api-version=${dataVersion}`, {
      method,
      signal,
      headers: { authorization: `Bearer ${token.token}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, text: await response.text() };
  }).catch((error: Error) => {
    // What fetch says itself is that it failed.
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    throw new Error(`${method} ${address}: ${why}. pulumi up makes the vault`, { cause: error });
  });
  if (status === 200) return JSON.parse(text);
  const { code, words } = refusalIn(text);
  const help: Record<string, string> = {
    [withoutRight]:
      `It takes the role Platform Certificate Signer on the key: bin/ssh-certificate authority --for ${principal} --signer ` +
      "gives it; it counts after some minutes",
    ForbiddenByFirewall:
      "Allowed are the addresses in platform:administrators.ranges of the stack's file, which pulumi up brings to the vault",
    KeyNotFound: `Make the key with: bin/ssh-certificate authority --for ${principal} <stack>`,
  };
  throw new Refusal([`${method} ${address}: ${status} ${words}`, help[code]].filter(Boolean).join("\n"), code);
}

/** Why a vault refuses: where its error has an inner one, that says it. */
function refusalIn(body: string): { code: string; words: string } {
  try {
    const { error } = JSON.parse(body) as {
      error?: { code?: string; message?: string; innererror?: { code?: string } };
    };
    const code = error?.innererror?.code ?? error?.code ?? "";
    return { code, words: [error?.code, error?.message].filter(Boolean).join(" ").trim() };
  } catch {
    return { code: "", words: body.slice(0, 200) };
  }
}
