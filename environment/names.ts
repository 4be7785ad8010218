/**
 * Names of Azure resources by the cloud adoption framework's abbreviations, with each type's limits.
 * https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-abbreviations
 * https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 */

import { createHash } from "node:crypto";

/** The workload in every name. */
export const workload = "platform";

interface Rule {
  abbreviation: string;
  /** Longest name that Azure takes. */
  longest: number;
}

const rules = {
  resourceGroup: { abbreviation: "rg", longest: 90 },
  virtualNetwork: { abbreviation: "vnet", longest: 64 },
  subnet: { abbreviation: "snet", longest: 80 },
  networkSecurityGroup: { abbreviation: "nsg", longest: 80 },
  natGateway: { abbreviation: "ng", longest: 80 },
  publicAddress: { abbreviation: "pip", longest: 80 },
  internalLoadBalancer: { abbreviation: "lbi", longest: 80 },
  externalLoadBalancer: { abbreviation: "lbe", longest: 80 },
  scaleSet: { abbreviation: "vmss", longest: 64 },
  networkInterface: { abbreviation: "nic", longest: 80 },
  autoscale: { abbreviation: "as", longest: 260 },
  virtualNetworkPeering: { abbreviation: "peer", longest: 80 },
  virtualNetworkLink: { abbreviation: "vnetlink", longest: 80 },
  identity: { abbreviation: "id", longest: 128 },
} satisfies Record<string, Rule>;

/** A type of resource that has a name here. */
export type Named = keyof typeof rules;

/** Suffix that Azure appends to a scale set's computer name prefix. */
const computerNameSuffix = 6;
/** Longest host name of a Linux machine on Azure. */
const longestComputerName = 64;

/**
 * The name of a resource: `resourceName("scaleSet", "dev", "front")` is `vmss-platform-dev-front`.
 *
 * @param part What the resource is for, when its environment has more than one of the type.
 */
export function resourceName(type: Named, stack: string, part?: string): string {
  const rule = rules[type];
  const name = [rule.abbreviation, workload, stack, part].filter((piece) => piece !== undefined).join("-");
  if (!/^[a-z][a-z0-9-]*[a-z0-9]$/.test(name)) {
    throw new RangeError(
      `name of a ${type}: given "${name}", allowed are lower-case letters, digits and hyphens; ` +
        "change the name of the stack or of the tier",
    );
  }
  if (name.length > rule.longest) {
    throw new RangeError(
      `name of a ${type}: given "${name}" (${name.length} characters), allowed are ` +
        `${rule.longest}; shorten the name of the stack or of the tier`,
    );
  }
  return name;
}

/** Prefix of the host names of a group of machines; Azure appends six characters. */
export function computerNamePrefix(group: string): string {
  if (group.length + computerNameSuffix > longestComputerName) {
    throw new RangeError(
      `computer name prefix: given "${group}", allowed are ` +
        `${longestComputerName - computerNameSuffix} characters; shorten the name of the tier`,
    );
  }
  return group;
}

/** A kind of name that is unique in all of Azure: what it may be, and the one that a stack gets without asking. */
interface GlobalName {
  pattern: RegExp;
  /** What is allowed, for messages. */
  allowed: string;
  default: (stack: string, domain: string) => string;
}

/** Eight hexadecimal digits that follow from a domain: two owners of a stack `dev` have different ones. */
const digits = (domain: string) => createHash("sha256").update(domain).digest("hex").slice(0, 8);

export const vaultName: GlobalName = {
  pattern: /^(?=.{3,24}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  allowed: "3 to 24 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen",
  default: (stack, domain) => `kv-${stack}-${digits(domain)}`,
};

export const accountName: GlobalName = {
  pattern: /^[a-z0-9]{3,24}$/,
  allowed: "3 to 24 lower-case letters and digits",
  default: (stack, domain) => `st${stack.replaceAll("-", "")}${digits(domain)}`,
};

/** Tags that every resource carries. */
export interface Tags extends Record<string, string> {
  environment: string;
  tier: string;
  "managed-by": string;
}

/**
 * The tags of a resource.
 *
 * @param tier The tier that the resource serves; `shared` when it serves the whole environment.
 */
export function tags(environment: string, tier = "shared"): Tags {
  return { environment, tier, "managed-by": "pulumi" };
}
