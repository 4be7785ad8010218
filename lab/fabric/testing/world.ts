/** A small world, from parts that tests change. */
import type { Machine, SecurityRule, VirtualNetwork, World } from "../../world.ts";

export function rule(
  given: Partial<SecurityRule> & Pick<SecurityRule, "name" | "priority" | "direction" | "access">,
): SecurityRule {
  return { protocol: "*", sources: ["*"], sourcePorts: ["*"], destinations: ["*"], destinationPorts: ["*"], ...given };
}

/** Azure's six default rules. */
export const defaultRules: SecurityRule[] = [
  rule({
    name: "AllowVnetInBound",
    priority: 65000,
    direction: "Inbound",
    access: "Allow",
    sources: ["VirtualNetwork"],
    destinations: ["VirtualNetwork"],
  }),
  rule({
    name: "AllowAzureLoadBalancerInBound",
    priority: 65001,
    direction: "Inbound",
    access: "Allow",
    sources: ["AzureLoadBalancer"],
  }),
  rule({ name: "DenyAllInBound", priority: 65500, direction: "Inbound", access: "Deny" }),
  rule({
    name: "AllowVnetOutBound",
    priority: 65000,
    direction: "Outbound",
    access: "Allow",
    sources: ["VirtualNetwork"],
    destinations: ["VirtualNetwork"],
  }),
  rule({
    name: "AllowInternetOutBound",
    priority: 65001,
    direction: "Outbound",
    access: "Allow",
    destinations: ["Internet"],
  }),
  rule({ name: "DenyAllOutBound", priority: 65500, direction: "Outbound", access: "Deny" }),
];

export function machine(
  network: VirtualNetwork,
  subnet: number,
  address: string,
  more: Partial<Machine> = {},
): Machine {
  return {
    id: `/vm/${address}`,
    name: `vm-${address}`,
    hostName: "host",
    networkId: network.id,
    subnetId: network.subnets[subnet]?.id ?? "",
    address,
    image: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
    cpus: 1,
    memory: 512,
    adminUser: "platform",
    sshKeys: [],
    powered: true,
    generation: 0,
    scripts: [],
    tags: {},
    ...more,
  };
}

export function world(given: Partial<World>): World {
  return {
    revision: 1,
    networks: [],
    machines: [],
    loadBalancers: [],
    publicAddresses: [],
    zones: [],
    scaleSets: [],
    storageAccounts: [],
    ...given,
  };
}
