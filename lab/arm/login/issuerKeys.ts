/**
 * The public keys of an issuer, by its OpenID configuration.
 * https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 */
import type { JSONWebKeySet } from "jose";

/** An issuer that does not answer is given up. */
const answerMilliseconds = 5000;

/**
 * Asks the issuer. Azure reaches public ones; the lab has no way to the Internet, and reaches those of its machine.
 *
 * @throws Error where it cannot be reached, or tells of no keys.
 */
export async function issuerKeys(issuer: string): Promise<JSONWebKeySet> {
  const configuration = (await ask(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`)) as {
    issuer?: string;
    jwks_uri?: string;
  };
  if (configuration.issuer !== issuer)
    throw new Error(`The configuration at '${issuer}' is that of '${configuration.issuer ?? ""}'.`);
  const found = (await ask(configuration.jwks_uri ?? "")) as Partial<JSONWebKeySet>;
  if (!Array.isArray(found.keys)) throw new Error(`There are no keys at '${configuration.jwks_uri}'.`);
  return { keys: found.keys };
}

async function ask(url: string): Promise<object> {
  const { protocol, hostname } = new URL(url);
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (!/^https?:$/.test(protocol) || !isHere)
    throw new Error(`The lab asks issuers on its own machine only, at 127.0.0.1; given is '${url}'.`);
  // Another place that it names would not be asked whether it is here.
  const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(answerMilliseconds) });
  if (!answer.ok) throw new Error(`'${url}' answers ${answer.status}.`);
  return (await answer.json()) as object;
}
