/** Microsoft.Network/networkSecurityGroups/securityRules, and Azure's default rules. */
import { z } from "zod";
import { parseAddress, parseBlock } from "../addresses.ts";
import { badRequest } from "../errors.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import { choice, envelope, ignored, issue, range } from "../schema.ts";
import { isLive } from "../store.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";
import { networkName, types } from "./names.ts";

/** Azure has hundreds of service tags; the lab enforces these. */
const serviceTags = ["Internet", "VirtualNetwork", "AzureLoadBalancer"] as const;

const noApplicationGroups = z.array(z.unknown()).max(0, "The lab has no application security groups").optional();

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
    sourceApplicationSecurityGroups: noApplicationGroups,
    destinationApplicationSecurityGroups: noApplicationGroups,
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

const body = z.strictObject({ ...envelope, properties: ruleProperties });

export type SecurityRuleBody = z.infer<typeof body>;
export type RuleProperties = z.infer<typeof ruleProperties>;

/** Azure takes one value or a list. */
export const listOf = (one: string | undefined, many: string[] | undefined): string[] => [
  ...(one === undefined || one === "" ? [] : [one]),
  ...(many ?? []),
];

/** The tag in Azure's spelling, if `address` is one that the lab knows. */
export const tagOf = (address: string): (typeof serviceTags)[number] | undefined =>
  serviceTags.find((tag) => tag.toLowerCase() === address.toLowerCase());

function addressProblem(address: string, oneOfMany: boolean): string | undefined {
  const isTag = tagOf(address) !== undefined || address === "*";
  if (isTag && !(oneOfMany && address === "*")) return undefined;
  if (parseAddress(address) !== undefined || parseBlock(address)) return undefined;
  const alone = oneOfMany ? "" : " or *";
  return `Allowed are an address, a CIDR block whose host bits are zero, and the tags ${serviceTags.join(", ")}${alone} (the lab knows no other tags).`;
}

function portIsValid(port: string): boolean {
  if (port === "*") return true;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(port);
  if (!match) return false;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from <= to && to <= 65535;
}

/** Two rules of one direction cannot have the same priority. */
export function checkPriorities(rules: { id: string; properties: RuleProperties }[]): void {
  for (const [index, rule] of rules.entries()) {
    const { direction, priority } = rule.properties;
    const other = rules
      .slice(0, index)
      .find((one) => one.properties.direction === direction && one.properties.priority === priority);
    if (other) {
      throw badRequest(
        "SecurityRuleConflict",
        `Security rule ${nameOf(rule.id)} conflicts with rule ${nameOf(other.id)}. Rules cannot have the same Priority and Direction: both are ${direction}, priority ${priority}.`,
      );
    }
  }
}

function prepare(draft: Draft<SecurityRuleBody>, { store }: Context): void {
  const others = store
    .children<SecurityRuleBody>(parentOf(draft.id), types.securityRule)
    .filter((rule) => isLive(rule) && rule.key !== keyOf(draft.id))
    .map((rule) => ({ id: rule.id, properties: rule.body.properties }));
  checkPriorities([...others, { id: draft.id, properties: draft.body.properties }]);
}

/** Azure answers the lists also when they are empty. */
export const renderRule = (rule: Resource<SecurityRuleBody>): object => ({
  properties: {
    provisioningState: rule.state,
    sourcePortRanges: [],
    destinationPortRanges: [],
    sourceAddressPrefixes: [],
    destinationAddressPrefixes: [],
    ...rule.body.properties,
  },
});

const defaultRule = (
  name: string,
  direction: "Inbound" | "Outbound",
  priority: number,
  access: "Allow" | "Deny",
  from: string,
  to: string,
  description: string,
): { name: string; properties: RuleProperties } => ({
  name,
  properties: {
    description,
    protocol: "*",
    access,
    direction,
    priority,
    sourcePortRange: "*",
    destinationPortRange: "*",
    sourceAddressPrefix: from,
    destinationAddressPrefix: to,
  },
});

/** In every network security group, below all rules of the user. */
export const defaultRules = [
  defaultRule(
    "AllowVnetInBound",
    "Inbound",
    65000,
    "Allow",
    "VirtualNetwork",
    "VirtualNetwork",
    "Allow inbound traffic from all VMs in VNET",
  ),
  defaultRule(
    "AllowAzureLoadBalancerInBound",
    "Inbound",
    65001,
    "Allow",
    "AzureLoadBalancer",
    "*",
    "Allow inbound traffic from azure load balancer",
  ),
  defaultRule("DenyAllInBound", "Inbound", 65500, "Deny", "*", "*", "Deny all inbound traffic"),
  defaultRule(
    "AllowVnetOutBound",
    "Outbound",
    65000,
    "Allow",
    "VirtualNetwork",
    "VirtualNetwork",
    "Allow outbound traffic from all VMs to all VMs in VNET",
  ),
  defaultRule(
    "AllowInternetOutBound",
    "Outbound",
    65001,
    "Allow",
    "*",
    "Internet",
    "Allow outbound traffic from all VMs to Internet",
  ),
  defaultRule("DenyAllOutBound", "Outbound", 65500, "Deny", "*", "*", "Deny all outbound traffic"),
];

export const securityRules: ResourceType<SecurityRuleBody> = {
  type: types.securityRule,
  dialect: "network",
  location: "inherited",
  name: networkName,
  schema: body,
  asynchronous: true,
  patch: "none",
  prepare,
  render: renderRule,
};
