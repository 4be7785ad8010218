/** The certificates that an environment's reverse proxies need, one for each host that ends its TLS there. Pure. */
import { createHash } from "node:crypto";
import { isEntryOf, type Peer } from "./peers.ts";
import type { Environment } from "./schema.ts";

/** A host's certificate. */
export interface PlannedCertificate {
  /** Host name, or `*.` and one. */
  host: string;
  /** Secret of the environment's vault that holds key and chain as PEM. */
  secret: string;
  /** acme: the proxies have it issued, and write it; given: people put it there; self-signed: none is there. */
  source: "acme" | "given" | "self-signed";
  /** Of `acme`. */
  challenge: "http-01" | "dns-01";
}

/** Secret of the vault with the account's key at the authority. No secret of a stack file has a hyphen. */
export const acmeAccountSecret = "acme-account";

/** `certificate-www-chatbot-example-1a2b3c4d`: what can be read of the host, and what is its alone. */
export function certificateSecret(host: string): string {
  const digits = createHash("sha256").update(host).digest("hex").slice(0, 8);
  const readable = host.replace("*", "any").replaceAll(".", "-").slice(0, 100);
  return `certificate-${readable}-${digits}`;
}

/** The hosts whose TLS ends at an environment's reverse proxies: its own where it is public, and those that it forwards. */
export function planCertificates(environment: Environment, others: readonly Peer[]): PlannedCertificate[] {
  const { routes, tls } = environment.reverseProxy;
  const own = isPublic(environment) ? routes : [];
  const behind = others
    .filter((other) => isEntryOf(environment, other.environment))
    .flatMap((other) => other.environment.reverseProxy.routes);
  const hosts = [...new Set([...own, ...behind].map(({ host }) => host))].sort();
  return hosts.map((host) => ({
    host,
    secret: certificateSecret(host),
    source: tls.given.includes(host) ? "given" : tls.acme ? "acme" : "self-signed",
    challenge: host.startsWith("*.") ? "dns-01" : (tls.acme?.challenge ?? "http-01"),
  }));
}

/** Whether an environment has a public address of its own. */
export function isPublic({ reverseProxy }: Pick<Environment, "reverseProxy">): boolean {
  return reverseProxy.public ?? reverseProxy.entry === undefined;
}
