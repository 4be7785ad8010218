/**
 * Security rules for what passes between environments, by blocks of addresses. Azure's tag VirtualNetwork stands for
 * peered networks too, so that its default rules would let a whole environment into another one. Pure.
 * https://learn.microsoft.com/azure/virtual-network/service-tags-overview#available-service-tags
 */
import {
  balancerSubnetIndex,
  hostAddress,
  loadBalancerHost,
  networkNumber,
  reverseProxySubnetIndex,
  subnetPrefix,
  type Cidr,
} from "./address.ts";
import { allow, type Rule } from "./flows.ts";
import type { OutboundRule } from "./outbound.ts";
import type { Peer, PlannedPeer } from "./peers.ts";
import type { Flow } from "./peerSchema.ts";
import type { Environment } from "./schema.ts";

/** What passes to and from an environment, and the environments that it passes to and from. */
export interface PeerTraffic {
  peers: readonly PlannedPeer[];
  others: readonly Peer[];
}

/**
 * Rules by which machines of other environments call tiers here, or the reverse proxies.
 *
 * @param targets What stands in the subnet, or what its balancers balance.
 */
export function inboundFromPeers(targets: readonly string[], { peers, others }: PeerTraffic): Rule[] {
  return peers
    .flatMap(({ environment, admits }) =>
      grouped(
        admits.filter(({ to }) => targets.includes(to)),
        ({ from, to }) => `${from}.${to}`,
      ).map(([name, flows]) => ({
        name: `allow-${environment}.${name}`,
        sources: [subnetOf(find(environment, others), flows[0].from)],
        ports: flows.map(({ port }) => `${port}`),
      })),
    )
    .map(({ name, sources, ports }, index) => allow(name, 2000 + index, sources, ports));
}

/** Rules by which a tier here, or the reverse proxies, call machines of other environments, and nothing else there. */
export function outboundToPeers(tier: string, { peers, others }: PeerTraffic): OutboundRule[] {
  const reached = peers.flatMap(({ environment, reaches }) =>
    grouped(
      reaches.filter(({ from }) => from === tier),
      ({ to }) => to,
    ).map(([to, flows]) => ({
      name: `allow-out-${environment}.${to}`,
      destinations: serviceOf(find(environment, others), to),
      ports: flows.map(({ port }) => `${port}`),
    })),
  );
  return [
    ...reached.map((rule, index): OutboundRule => ({
      ...rule,
      priority: 1300 + index,
      access: "Allow",
      protocol: "Tcp",
    })),
    ...peers.map(({ environment, network }): OutboundRule => ({
      name: `deny-out-${environment}`,
      priority: 1500 + networkNumber(network),
      access: "Deny",
      protocol: "*",
      destinations: [network],
      ports: ["*"],
    })),
  ];
}

function find(name: string, others: readonly Peer[]): Environment {
  const found = others.find(({ environment }) => environment.name === name)?.environment;
  if (!found) {
    const names = others.map(({ environment }) => environment.name).join(", ");
    throw new RangeError(`environment: given ${name}, allowed are ${names}`);
  }
  return found;
}

/** Flows of one key; each has at least one. */
function grouped(flows: readonly Flow[], keyOf: (flow: Flow) => string): [string, [Flow, ...Flow[]]][] {
  const groups = new Map<string, [Flow, ...Flow[]]>();
  for (const flow of flows) {
    const group = groups.get(keyOf(flow));
    if (group) group.push(flow);
    else groups.set(keyOf(flow), [flow]);
  }
  return [...groups];
}

/** The subnet in which a tier's machines, or the reverse proxies, stand: from there they call. */
function subnetOf({ network, tiers }: Environment, name: string): Cidr {
  const index = name === "reverse-proxy" ? reverseProxySubnetIndex : tiers[name]?.subnetIndex;
  if (index === undefined) throw new RangeError(`tier: given ${name}, allowed are ${Object.keys(tiers).join(", ")}`);
  return subnetPrefix(network, index);
}

/** Where a tier or the reverse proxies are called: at the load balancer's address, and at what stands behind it. */
function serviceOf(environment: Environment, name: string): Cidr[] {
  const subnet = subnetOf(environment, name);
  return (environment.tiers[name]?.balance ?? "hash") === "hash"
    ? [subnet]
    : [`${hostAddress(subnet, loadBalancerHost)}/32`, subnetPrefix(environment.network, balancerSubnetIndex)];
}
