/**
 * Azure's load balancers as destination translation in the router of their members. Pure.
 *
 * A translation is chosen for the first packet of a flow only; the kernel keeps it for the flow's life. So flows stay
 * with their member when membership changes, as in Azure.
 */
import { createHash } from "node:crypto";
import type { BalancingRule, VirtualNetwork, World } from "../world.ts";
import { addressNumber } from "./ranges.ts";
import { chain } from "./firewall.ts";

/** Whether a probe's last verdict on a machine is up. */
export type Verdict = (probeId: string, machineId: string) => boolean;

/** The chain that spreads new flows over the members that are up. */
export function loadBalancerChain(world: World, network: VirtualNetwork, isUp: Verdict): string {
  const rules = world.loadBalancers
    .flatMap((balancer) => balancer.rules.map((rule) => ({ id: `${balancer.id}/${rule.name}`, rule })))
    .filter(({ rule }) => rule.networkId === network.id)
    .sort((a, b) => a.id.localeCompare(b.id));
  return chain("balance", [
    "type nat hook prerouting priority dstnat; policy accept;",
    ...rules.map(({ id, rule }) => translation(id, rule, members(world, rule, isUp))),
  ]);
}

/** Addresses of the members that get new flows, in a stable order. */
export function members(world: World, rule: BalancingRule, isUp: Verdict): string[] {
  const { probe } = rule;
  return world.machines
    .filter((machine) => rule.members.includes(machine.id) && machine.powered)
    .filter((machine) => !probe || isUp(probe.id, machine.id))
    .map((machine) => machine.address)
    .sort((a, b) => addressNumber(a) - addressNumber(b));
}

function translation(id: string, rule: BalancingRule, addresses: readonly string[]): string {
  // A machine that calls a public address goes out through its NAT gateway first, and comes back as a client.
  const from = rule.public ? `iifname "uplink" ` : "";
  const frontend = `${from}ip daddr ${rule.address} ${rule.protocol} dport ${rule.port}`;
  // Azure's load balancer drops packets for which it has no member; it refuses nothing.
  if (addresses.length === 0) return `${frontend} drop`;
  const key = {
    Default: `ip saddr . ${rule.protocol} sport . ip daddr . ${rule.protocol} dport`,
    SourceIP: "ip saddr . ip daddr",
    SourceIPProtocol: "ip saddr . ip daddr . meta l4proto",
  }[rule.distribution];
  // A seed of its own keeps a client with its server when the rules are loaded again.
  const seed = `0x${createHash("sha256").update(id).digest("hex").slice(0, 8)}`;
  const map = addresses.map((address, index) => `${index} : ${address} . ${rule.backendPort}`).join(", ");
  return `${frontend} dnat ip to jhash ${key} mod ${addresses.length} seed ${seed} map { ${map} }`;
}
