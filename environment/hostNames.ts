/** Names of hosts, and addresses of services that stand outside of the environment. Pure. */
import { parseCidr } from "./address.ts";

const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
export const longestDnsName = 253;

/** At least two labels in lower case. The last begins with a letter: `1.2.3.4` is an address, not a name. */
export const dnsNamePattern = new RegExp(`^(${label}\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`);

/** True when the text can be a host's name in DNS. */
export function isDnsName(text: string): boolean {
  return text.length <= longestDnsName && dnsNamePattern.test(text);
}

/** True when a route can have this host: a DNS name, or `*.` and one for all names with one label more. */
export function isRouteHost(text: string): boolean {
  return isDnsName(text.startsWith("*.") ? text.slice(2) : text);
}

/** True where a wildcard stands for the name: `*.example.org` for `www.example.org`, not for `a.b.example.org`. */
export function covers(wildcard: string, host: string): boolean {
  return (
    wildcard.startsWith("*.") && !host.startsWith("*.") && host.split(".").slice(1).join(".") === wildcard.slice(2)
  );
}

/** Label of a host in the public zone, `@` for the domain itself; undefined when the host lies elsewhere. */
export function labelInDomain(host: string, domain: string): string | undefined {
  if (host === domain) return "@";
  return host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : undefined;
}

const legacyPattern = /^(https?):\/\/([a-z0-9.-]+)(?::([1-9]\d{0,4}))?$/;

/** An address outside of the environment. */
export interface LegacyAddress {
  scheme: "http" | "https";
  /** DNS name, or IPv4 address. */
  address: string;
  port: number;
}

/**
 * Where requests to a service that has not been moved go: `https://www.old.example` is the name www.old.example and the
 * port 443. A name without a dot means nothing to an environment's machines, and no certificate is for an address.
 * Undefined when the text is no such address.
 */
export function parseLegacy(text: string): LegacyAddress | undefined {
  const [, scheme, address, given] = legacyPattern.exec(text) ?? [];
  // URL knows, besides, what no port and what no international name can be: 65536, xn--a.
  if (address === undefined || (scheme !== "http" && scheme !== "https") || !URL.canParse(text)) return undefined;
  const isAddress = parseCidr(`${address}/32`) !== undefined;
  const fits = isDnsName(address) || (isAddress && scheme === "http");
  return fits ? { scheme, address, port: Number(given ?? (scheme === "https" ? 443 : 80)) } : undefined;
}
