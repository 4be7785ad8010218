/** Names of hosts, and addresses of services that stand outside of the environment. Pure. */
import { parseCidr } from "./address.ts";

const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
export const longestDnsName = 253;

/** At least two labels in lower case. The last begins with a letter: `1.2.3.4` is an address, not a name. */
export const dnsNamePattern = new RegExp(`^(${label}\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`);

/** What an upstream looks like; `parseUpstream` looks closer. */
export const upstreamPattern = /^http:\/\/([a-z0-9.-]+)(?::([1-9]\d{0,4}))?$/;

/** True when the text can be a host's name in DNS. */
export function isDnsName(text: string): boolean {
  return text.length <= longestDnsName && dnsNamePattern.test(text);
}

/**
 * Where requests to an upstream go: `http://198.51.100.20:8080` is the address 198.51.100.20 and the port 8080. The
 * address is an IPv4 address or a DNS name, since a name without a dot means nothing to an environment's machines.
 * Undefined when the text is no such address.
 */
export function parseUpstream(text: string): { address: string; port: number } | undefined {
  const [, address, port = "80"] = upstreamPattern.exec(text) ?? [];
  // URL knows, besides, what no port and what no international name can be: 65536, xn--a.
  if (address === undefined || !URL.canParse(text)) return undefined;
  const isAddress = parseCidr(`${address}/32`) !== undefined;
  return isAddress || isDnsName(address) ? { address, port: Number(port) } : undefined;
}
