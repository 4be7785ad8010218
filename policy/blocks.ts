/** Where traffic comes from, by what a security rule or a firewall says of it. */
import { isIPv6 } from "node:net";
import { contains, parseCidr } from "../environment/address.ts";

/**
 * `any`: everybody; `internet`: everybody outside, or a service of Azure, that is everybody's; `public`: known blocks
 * outside; `network`: the whole network; `private`: a block inside; `probe`: Azure's load balancers.
 */
export type Origin = "any" | "internet" | "public" | "network" | "private" | "probe";

/** Bits of the widest public block that is still a known sender's. */
const widestPublicBlock = 16;

/** The origin that a source prefix of a security rule stands for. */
export function originOf(source: string): Origin {
  if (source === "*" || source.toLowerCase() === "any") return "any";
  if (source === "VirtualNetwork") return "network";
  if (source === "AzureLoadBalancer") return "probe";
  if (isIPv6(source.split("/")[0] ?? "")) return /^f[cd]/i.test(source) ? "private" : "any";
  const block = blockOf(source);
  // A tag of a service is as open as the Internet: anybody's machine or function may be in it.
  if (block === undefined) return "internet";
  if (isPrivate(block)) return "private";
  return (parseCidr(block)?.prefix ?? 0) < widestPublicBlock ? "any" : "public";
}

/** The block or address as a block; undefined where it is none. */
export function blockOf(source: string): string | undefined {
  const block = source.includes("/") ? source : `${source}/32`;
  return parseCidr(block) ? block : undefined;
}

/** Blocks that are nobody's on the Internet: RFC 1918, and RFC 6598 for providers. */
const privateBlocks = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"];

const isPrivate = (block: string) => privateBlocks.some((outer) => contains(outer, block));
