/**
 * The authority's key in an environment's vault. ARM makes it where it is not there, and the vault itself tells its
 * public part and signs by it; its private part leaves the vault never.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { TokenCredential } from "@azure/core-auth";
import type { Connection } from "../../azure/arm.ts";
import { callSeconds, within } from "../../azure/deadline.ts";
import type { Principal } from "../../environment/principals.ts";
import { withoutComment } from "../../environment/sshKey.ts";
import { authorityLine, type Authority } from "./certificate.ts";

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

/** PUT of a body, which Azure does or refuses. */
export async function put(rest: Connection["rest"], path: string, apiVersion: string, body: object): Promise<void> {
  const answer = await rest.pathUnchecked(path).put({ queryParameters: { "api-version": apiVersion }, body });
  if (answer.status === "200" || answer.status === "201") return;
  const { code, message } = (answer.body as { error?: { code?: string; message?: string } } | null)?.error ?? {};
  // The same right under another name, for example of bin/azure-state.
  if (code === "RoleAssignmentExists") return;
  const { status } = answer;
  throw new Refusal(Number(status), `PUT ${path}: ${[status, code, message].filter(Boolean).join(" ")}`, code);
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

/** What Azure Resource Manager or the vault refuses. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string | undefined;

  constructor(status: number, text: string, code?: string) {
    super(text);
    this.status = status;
    this.code = code;
  }
}

/** How the vault is asked. */
export interface Waiting {
  /** How long a refusal is borne, for what is new. */
  waitSeconds?: number;
  progress?: (text: string) => void;
  /** Public keys. While a key changes its newest version may not be among them; then one before it is taken that is. */
  trusted?: readonly string[] | undefined;
}

/** Seconds between questions while something new does not count yet. */
const pauseSeconds = 10;

/**
 * Tries again while Azure refuses something for being new.
 *
 * @param until What is waited for: `until ...`.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  isTooNew: (refusal: Refusal) => boolean,
  until: string,
  { waitSeconds = 0, progress = () => {} }: Waiting,
): Promise<T> {
  const end = Date.now() + waitSeconds * 1000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refusal) || !isTooNew(error) || Date.now() >= end) throw error;
      progress(`waiting ${until}`);
      await sleep(pauseSeconds * 1000);
    }
  }
}

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
  { trusted = [], ...waiting }: Waiting = {},
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
  return patiently(find, ({ status }) => status === 403, `until the right to read and use ${name} counts`, waiting);
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
  const [status, text] = await within(callSeconds, `${method} ${address}`, async (signal) => {
    // A link to more has its query already.
    const response = await fetch(address.includes("?") ? address : `${address}?api-version=${dataVersion}`, {
      method,
      signal,
      headers: { authorization: `Bearer ${token.token}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return [response.status, await response.text()] as const;
  });
  if (status === 200) return JSON.parse(text);
  const words = textOf(text);
  const help: Record<number, string> = {
    403:
      `It takes the role Platform Certificate Signer on the key (bin/ssh-certificate authority --for ${principal} --signer gives it; it ` +
      "counts after some minutes), and an address in platform:administrators.ranges",
    404: `Make the key with: bin/ssh-certificate authority --for ${principal} <stack>`,
  };
  throw new Refusal(status, [`${method} ${address}: ${status} ${words}`, help[status]].filter(Boolean).join("\n"));
}

function textOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: string; message?: string } };
    return [error?.code, error?.message].filter(Boolean).join(" ").trim();
  } catch {
    return body.slice(0, 200);
  }
}
