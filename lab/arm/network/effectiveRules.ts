/** The rules that hold where a network security group is attached: its own, and Azure's below them. */
import type { SecurityRule } from "../../world.ts";
import { isLive } from "../resource.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import { listOf, type RuleProperties, type SecurityRuleBody } from "./securityRuleSchema.ts";
import { tagOf } from "./serviceTags.ts";

/** Lowest priority number first; undefined without a group. */
export function effectiveRules(groupId: string | undefined, store: Store): SecurityRule[] | undefined {
  const group = groupId === undefined ? undefined : store.live(groupId);
  if (!group) return undefined;
  const own = store
    .children<SecurityRuleBody>(group.id, types.securityRule)
    .filter(isLive)
    .map(({ name, body: { properties } }) => ({ name, properties }));
  return [...own, ...defaultRules]
    .map(({ name, properties }) => effectiveRule(name, properties))
    .sort((a, b) => a.priority - b.priority);
}

function effectiveRule(name: string, rule: RuleProperties): SecurityRule {
  const spelled = (addresses: string[]): string[] =>
    addresses.map((address) => tagOf(address) ?? (address === "0.0.0.0/0" ? "*" : address));
  return {
    name,
    direction: rule.direction,
    priority: rule.priority,
    access: rule.access,
    protocol: rule.protocol.toLowerCase() as SecurityRule["protocol"],
    sources: spelled(listOf(rule.sourceAddressPrefix, rule.sourceAddressPrefixes)),
    sourcePorts: listOf(rule.sourcePortRange, rule.sourcePortRanges),
    destinations: spelled(listOf(rule.destinationAddressPrefix, rule.destinationAddressPrefixes)),
    destinationPorts: listOf(rule.destinationPortRange, rule.destinationPortRanges),
  };
}

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
