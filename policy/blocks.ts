/** Where traffic comes from, by what a security rule or a firewall says of it. */
import { isIPv6 } from "node:net";
import { contains, parseCidr, privateBlocks } from "../environment/address.ts";
import { at, items } from "./values.ts";

/**
 * `any`: everybody; `internet`: everybody outside, or a service of Azure, that is everybody's; `public`: known blocks
 * outside; `network`: the whole network; `private`: a block inside; `probe`: Azure's load balancers.
 */
export type Origin = "any" | "internet" | "public" | "network" | "private" | "probe";

/** Bits of the widest public block that is still a known sender's. */
export const widestPublicBlock = 16;

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

const isPrivate = (block: string) => privateBlocks.some((outer) => contains(outer, block));

/** Rules of a firewall that let in more than known senders. */
export function wideRanges(inputs: unknown, path: string, field: string): string[] {
  return items(inputs, path)
    .map((rule) => at(rule, field))
    .filter((range) => typeof range === "string")
    .filter((range) => originOf(range) !== "public")
    .map(
      (range) => `${path}: given ${range}, allowed are public blocks of known senders, at most a /${widestPublicBlock}`,
    );
}
