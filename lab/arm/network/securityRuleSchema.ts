/** What a security rule's PUT may hold. */
import { z } from "zod";
import { parseAddress, parseBlock } from "../addresses.ts";
import { choice, envelope, ignored, issue, none, range } from "../schema.ts";
import { knownTags, tagOf } from "./serviceTags.ts";

export const ruleProperties = z
  .strictObject({
    description: z.string().max(140, "A description has at most 140 characters").optional(),
    protocol: choice("*", "Tcp", "Udp", "Icmp", "Esp", "Ah"),
    access: choice("Allow", "Deny"),
    direction: choice("Inbound", "Outbound"),
    priority: range(100, 4096, "SecurityRuleInvalidPriority"),
    sourcePortRange: z.string().optional(),
    sourcePortRanges: z.array(z.string()).optional(),
    destinationPortRange: z.string().optional(),
    destinationPortRanges: z.array(z.string()).optional(),
    sourceAddressPrefix: z.string().optional(),
    sourceAddressPrefixes: z.array(z.string()).optional(),
    destinationAddressPrefix: z.string().optional(),
    destinationAddressPrefixes: z.array(z.string()).optional(),
    sourceApplicationSecurityGroups: none("application security groups"),
    destinationApplicationSecurityGroups: none("application security groups"),
    provisioningState: ignored,
  })
  .superRefine((rule, context) => {
    if (rule.protocol === "Esp" || rule.protocol === "Ah") {
      issue(context, "NotImplementedByLab", `The lab has no protocol '${rule.protocol}': use Tcp, Udp, Icmp or *.`, [
        "protocol",
      ]);
    }
    for (const side of ["source", "destination"] as const) {
      const addresses = listOf(rule[`${side}AddressPrefix`], rule[`${side}AddressPrefixes`]);
      const ports = listOf(rule[`${side}PortRange`], rule[`${side}PortRanges`]);
      const Side = side === "source" ? "Source" : "Destination";
      if (addresses.length === 0) {
        issue(
          context,
          "SecurityRuleParametersMissing",
          `Required security rule parameters are missing: security rule must specify ${Side}AddressPrefix or ${Side}AddressPrefixes.`,
        );
      }
      if (ports.length === 0) {
        issue(
          context,
          "SecurityRuleParametersMissing",
          `Required security rule parameters are missing: security rule must specify ${Side}PortRange or ${Side}PortRanges.`,
        );
      }
      for (const address of addresses) {
        const problem = addressProblem(address, addresses.length > 1);
        if (problem)
          issue(
            context,
            "SecurityRuleInvalidAddressPrefix",
            `Security rule has invalid address prefix. Value provided: ${address}. ${problem}`,
            [`${side}AddressPrefix`],
          );
      }
      for (const port of ports) {
        if (!portIsValid(port))
          issue(
            context,
            "SecurityRuleInvalidPortRange",
            `Security rule has invalid Port range. Value provided: ${port}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.`,
            [`${side}PortRange`],
          );
      }
    }
  });

export const securityRuleBody = z.strictObject({ ...envelope, properties: ruleProperties });

export type SecurityRuleBody = z.infer<typeof securityRuleBody>;
export type RuleProperties = z.infer<typeof ruleProperties>;

/** Azure takes one value or a list. */
export const listOf = (one: string | undefined, many: string[] | undefined): string[] => [
  ...(one === undefined || one === "" ? [] : [one]),
  ...(many ?? []),
];

function addressProblem(address: string, oneOfMany: boolean): string | undefined {
  const isTag = tagOf(address) !== undefined || address === "*";
  if (isTag && !(oneOfMany && address === "*")) return undefined;
  if (parseAddress(address) !== undefined || parseBlock(address)) return undefined;
  const alone = oneOfMany ? "" : " or *";
  return `Allowed are an address, a CIDR block whose host bits are zero, and the tags ${knownTags}${alone} (the lab knows no other tags).`;
}

function portIsValid(port: string): boolean {
  if (port === "*") return true;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(port);
  if (!match) return false;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from <= to && to <= 65535;
}
