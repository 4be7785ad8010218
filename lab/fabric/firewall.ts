/**
 * Network security groups and address translation of one virtual network, as nftables chains of its router. Pure.
 *
 * Outbound rules are judged where a machine's packet enters the router, with the destination that the machine wrote
 * (a load balancer's address, say), and again with the member that the load balancer chose: which of them Azure's see is
 * not documented, so both must be allowed. Inbound rules are judged where it leaves towards a machine, with the member.
 */
import type { Machine, SecurityRule, VirtualNetwork, World } from "../world.ts";
import {
  azureAddress,
  managementAddress,
  metadataAddress,
  privateBlocks,
  storageAddress,
  vaultAddress,
} from "./addresses.ts";
import { blockRange, complement, type Range, rangeText, union } from "./ranges.ts";
import { machineLink, shortHash } from "./names.ts";
import { endpointsOf } from "./serviceEndpoints.ts";

const established = ["ct state established,related accept", "ct state invalid drop"];

/** The filter and source-translation chains of a network's router. */
export function firewallChains(world: World, network: VirtualNetwork): string[] {
  const machines = world.machines
    .filter((machine) => machine.networkId === network.id)
    .sort((a, b) => a.id.localeCompare(b.id));
  const virtualNetwork = virtualNetworkRanges(world, network);
  const endpoints = endpointsOf(world, network).map(({ prefix, address }) => `ip saddr ${prefix} ip daddr ${address}`);
  const groups = new Map<string, string[]>();
  const group = (direction: SecurityRule["direction"], rules: SecurityRule[] | undefined): string | undefined => {
    if (!rules) return undefined;
    const lines = securityRules(rules, direction, virtualNetwork);
    const name = `${direction === "Inbound" ? "in" : "out"}_${shortHash(lines.join("\n"))}`;
    groups.set(name, lines);
    return name;
  };

  const chains: string[] = [];
  for (const machine of machines) {
    const subnetRules = network.subnets.find((subnet) => subnet.id === machine.subnetId)?.rules;
    const inbound = [group("Inbound", subnetRules), group("Inbound", machine.rules)].filter(
      (name) => name !== undefined,
    );
    const outbound = [group("Outbound", machine.rules), group("Outbound", subnetRules)].filter(
      (name) => name !== undefined,
    );
    // Standard load balancers are closed to the Internet until a security group opens them.
    const closed = inbound.length === 0 ? [`ip saddr != ${setText(virtualNetwork)} drop`] : [];
    chains.push(
      chain(machineChain(machine, "in"), [...closed, ...inbound.map((name) => `jump ${name}`), "accept"]),
      chain(machineChain(machine, "out"), [...outbound.map((name) => `jump ${name}`), "accept"]),
    );
  }
  const security = [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([name, lines]) => chain(name, lines));
  const verdicts = (direction: "in" | "out") =>
    machines.length === 0
      ? []
      : [
          `${direction === "in" ? "oifname" : "iifname"} vmap { ${machines
            .map((machine) => `"${machineLink(machine.id)}" : jump ${machineChain(machine, direction)}`)
            .join(", ")} }`,
        ];

  return [
    ...security,
    ...chains,
    chain("outbound", [
      "type filter hook prerouting priority mangle; policy accept;",
      ...established,
      // Azure's platform services are reachable whatever the security groups say.
      `ip daddr { ${azureAddress}, ${metadataAddress} } accept`,
      ...verdicts("out"),
      `iifname "lm*" drop`,
    ]),
    chain("balanced", [
      "type filter hook forward priority filter - 1; policy accept;",
      ...established,
      ...verdicts("out"),
    ]),
    chain("inbound", [
      "type filter hook forward priority filter; policy drop;",
      ...established,
      `oifname "uplink" goto internet`,
      ...verdicts("in"),
      // Peering is not transitive: only this network's own machines use it.
      `iifname "lm*" oifname "lp*" accept`,
    ]),
    chain("internet", [
      `iifname "uplink" drop`,
      `ip daddr ${setText(union([...virtualNetwork, ...privateBlocks.map(blockRange)]))} drop`,
      ...endpoints.map((match) => `${match} accept`),
      ...natSubnets(network).map(({ prefix }) => `ip saddr ${prefix} accept`),
      "drop",
    ]),
    chain("probes", [
      "type filter hook output priority filter; policy accept;",
      ...established.slice(0, 1),
      ...verdicts("in"),
      `oifname "lm*" drop`,
    ]),
    chain("platform", [
      "type filter hook input priority filter; policy drop;",
      `iifname "lo" accept`,
      ...established,
      `iifname "lm*" ip daddr ${azureAddress} meta l4proto { tcp, udp } th dport 53 accept`,
      `iifname "lm*" ip daddr ${metadataAddress} tcp dport 80 accept`,
    ]),
    chain("source", [
      "type nat hook postrouting priority srcnat; policy accept;",
      ...endpoints.map((match) => `oifname "uplink" ${match} accept`),
      ...natSubnets(network).map(
        ({ prefix, natAddress }) => `oifname "uplink" ip saddr ${prefix} snat to ${natAddress}`,
      ),
    ]),
  ];
}

/** The rules of one direction, first match decides: Allow returns to the caller, the end denies. */
export function securityRules(
  rules: readonly SecurityRule[],
  direction: SecurityRule["direction"],
  virtualNetwork: readonly Range[],
): string[] {
  const lines = rules
    .filter((rule) => rule.direction === direction)
    .sort((a, b) => a.priority - b.priority)
    .filter((rule) => [rule.sources, rule.destinations].every((given) => given.some((one) => !isElsewhere(one))))
    .map((rule) => {
      const matches = [
        prefixes("saddr", rule.sources, virtualNetwork),
        prefixes("daddr", rule.destinations, virtualNetwork),
        protocol(rule),
        ports("sport", rule.sourcePorts, rule),
        ports("dport", rule.destinationPorts, rule),
      ];
      return [...matches, rule.access === "Allow" ? "return" : "drop"].filter((part) => part !== "").join(" ");
    });
  return [...lines, "drop"];
}

/** What the tag VirtualNetwork stands for: the address space, that of peers, and Azure's own address. */
export function virtualNetworkRanges(world: World, network: VirtualNetwork): Range[] {
  const { peers: connected, untaggedPeers = [] } = network;
  const peers = world.networks.filter(({ id }) => connected.includes(id) && !untaggedPeers.includes(id));
  const blocks = [network, ...peers].flatMap(({ prefixes }) => prefixes);
  return union([...blocks, azureAddress].map(blockRange));
}

function prefixes(field: "saddr" | "daddr", given: readonly string[], virtualNetwork: readonly Range[]): string {
  if (given.includes("*")) return "";
  const ranges = given.flatMap((prefix): readonly Range[] => {
    if (prefix === "VirtualNetwork") return virtualNetwork;
    if (prefix === "Internet") return complement(virtualNetwork);
    if (isElsewhere(prefix)) return [];
    return (addressesOfTag(prefix) ?? [prefix]).map(blockRange);
  });
  const merged = union(ranges);
  return complement(merged).length === 0 ? "" : `ip ${field} ${setText(merged)}`;
}

/**
 * Addresses of tags that stand for services. Each has one for all regions, so that the tag of a region, as
 * `Storage.WestEurope`, stands for it, too. They are public: the tag Internet contains them, as on Azure.
 */
const tagAddresses: Readonly<Record<string, readonly string[]>> = {
  AzureLoadBalancer: [azureAddress],
  AzureResourceManager: [managementAddress],
  AzureKeyVault: [vaultAddress],
  Storage: [storageAddress],
  AzureCloud: [managementAddress, vaultAddress, storageAddress],
};

const addressesOfTag = (prefix: string): readonly string[] | undefined => tagAddresses[prefix.split(".")[0]!];

/** A service tag of Azure's for which the lab has no addresses: it matches nothing. */
const isElsewhere = (prefix: string): boolean =>
  /^[A-Z]/i.test(prefix) && !["Internet", "VirtualNetwork"].includes(prefix) && addressesOfTag(prefix) === undefined;

function protocol(rule: SecurityRule): string {
  if (rule.protocol !== "*") return `meta l4proto ${rule.protocol}`;
  const narrowed = [rule.sourcePorts, rule.destinationPorts].some((given) => !given.includes("*"));
  return narrowed ? "meta l4proto { tcp, udp }" : "";
}

function ports(field: "sport" | "dport", given: readonly string[], rule: SecurityRule): string {
  if (given.includes("*") || rule.protocol === "icmp") return "";
  const ranges = union(
    given.map((port) => {
      const [first = 0, end = first] = port.split("-").map(Number);
      return [first, end];
    }),
  );
  return `th ${field} { ${ranges.map(([first, end]) => (first === end ? first : `${first}-${end}`)).join(", ")} }`;
}

function natSubnets(network: VirtualNetwork) {
  return network.subnets.flatMap(({ prefix, natAddress }) => (natAddress ? [{ prefix, natAddress }] : []));
}

function setText(ranges: readonly Range[]): string {
  return `{ ${ranges.map(rangeText).join(", ")} }`;
}

function machineChain(machine: Machine, direction: "in" | "out"): string {
  return `${machineLink(machine.id)}_${direction}`;
}

/** A chain as nftables reads it. */
export function chain(name: string, lines: readonly string[]): string {
  return [`  chain ${name} {`, ...lines.map((line) => `    ${line}`), "  }"].join("\n");
}
