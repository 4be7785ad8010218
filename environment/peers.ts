/** Other environments of the project whose networks this one's is peered with, and what passes between them. Pure. */
import { hostAddress, loadBalancerHost, reverseProxySubnetIndex, subnetPrefix, type Cidr } from "./address.ts";
import type { Flow } from "./peerSchema.ts";
import type { Environment } from "./schema.ts";

/** Another environment as this one's plan takes it: checked, and by the name of its stack. */
export interface Peer {
  stack: string;
  environment: Environment;
}

/** An environment with which this one's network is peered. */
export interface PlannedPeer {
  /** Name of the environment. */
  environment: string;
  stack: string;
  network: Cidr;
  privateDomain: string;
  /** This stack makes both sides of the peering: it forwards, or else it calls. */
  makes: boolean;
  /** What passes, both ways: what both stack files say, and what `forwards` and `entry` mean. */
  reaches: Flow[];
  admits: Flow[];
}

/** What passes from an entry's reverse proxies to those of an environment behind it: requests, and jumps by SSH. */
const forwarded: readonly Flow[] = [80, 22].map((port) => ({ from: "reverse-proxy", to: "reverse-proxy", port }));

/** Where an environment's reverse proxies are called from other environments. */
export function reverseProxyAddress(network: Cidr): string {
  return hostAddress(subnetPrefix(network, reverseProxySubnetIndex), loadBalancerHost);
}

/** True where `entry` forwards something to `behind`, and both say so. */
export const isEntryOf = (entry: Environment, behind: Environment): boolean =>
  behind.reverseProxy.entry === entry.name &&
  entry.reverseProxy.forwards.some(({ environment }) => environment === behind.name);

/** The environments with which an environment is peered, sorted by name: those with which something passes. */
export function planPeers(environment: Environment, others: readonly Peer[]): PlannedPeer[] {
  return others
    .map(({ stack, environment: other }): PlannedPeer => {
      const [reaches, admits] = [flows(environment, other), flows(other, environment)];
      const makes = isEntryOf(environment, other) || (!isEntryOf(other, environment) && calls(environment, other));
      const { name, network, privateDomain } = other;
      return { environment: name, stack, network, privateDomain, makes, reaches, admits };
    })
    .filter(({ reaches, admits }) => reaches.length + admits.length > 0)
    .sort((a, b) => (a.environment < b.environment ? -1 : 1));
}

/** Of two that call each other the first by name makes the peering. */
function calls(one: Environment, other: Environment): boolean {
  if (flows(one, other).length === 0) return false;
  return flows(other, one).length === 0 || one.name < other.name;
}

/** What passes from one environment to another. */
function flows(from: Environment, to: Environment): Flow[] {
  const admitted = to.peers[from.name]?.admits ?? [];
  const both = (from.peers[to.name]?.reaches ?? []).filter((flow) => admitted.some((other) => same(flow, other)));
  return [...(isEntryOf(from, to) ? forwarded : []), ...both].filter(
    (flow, index, all) => all.findIndex((other) => same(flow, other)) === index,
  );
}

export const same = (one: Flow, other: Flow): boolean =>
  one.from === other.from && one.to === other.to && one.port === other.port;
