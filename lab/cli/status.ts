/** What runs, for people and for programs. */
import { machineNamespace } from "../fabric/names.ts";
import type { MachineStatus, ScaleSet } from "../world.ts";
import type { DaemonStatus } from "./daemon.ts";
import { drifts, type Releases } from "./releases.ts";
import { stackOf } from "./stacks.ts";
import { table } from "./table.ts";
import { urlsOf } from "./urls.ts";

export interface StackStatus {
  stack: string;
  /** Scale sets: how many machines there should be, how many are healthy, and whether automatic repairs are at work. */
  groups: { tier: string; wanted: number; running: number; repairs: ScaleSet["repairs"]; shortage?: string }[];
  machines: {
    name: string;
    hostName: string;
    stack: string;
    tier: string;
    address: string;
    state: string;
    health: string;
    /** Why it is not up, where it should be by now. */
    late?: string;
    /** Which release it has of each of its applications. */
    releases: Releases;
    /** Network namespace on this host, for `ip netns exec`. */
    namespace: string;
  }[];
  loadBalancers: {
    name: string;
    tier: string;
    address: string;
    port: number;
    policy: string;
    /** Seconds between probes, and how many probes in a row decide. Absent: members are up as long as they exist. */
    probe?: { interval: number; threshold: number };
    members: { machine: string; state: "up" | "down" }[];
  }[];
  publicAddresses: { name: string; address: string }[];
  urls: string[];
}

/**
 * The daemon's world, per stack.
 *
 * @param releasesOf What the machine of an ID has.
 */
export function stackStatus(
  { world, status }: Omit<DaemonStatus, "settings">,
  releasesOf: (machineId: string) => Releases = () => ({}),
): StackStatus[] {
  const names = new Map(world.machines.map(({ id, name }) => [id, name]));
  const seen = new Map(status.machines.map((machine) => [machine.id, machine]));
  const stacks = new Set([...world.machines, ...world.loadBalancers, ...world.scaleSets].map(stackOf));
  return [...stacks].sort().map((stack) => {
    const machines = world.machines.filter((machine) => stackOf(machine) === stack);
    const loadBalancers = world.loadBalancers.filter((one) => stackOf(one) === stack);
    return {
      stack,
      groups: world.scaleSets
        .filter((group) => stackOf(group) === stack)
        .map(({ id, tags, capacity, repairs, shortage }) => {
          const members = machines.filter(({ scaleSetId, terminating }) => scaleSetId === id && !terminating);
          const running = members.filter((member) => seen.get(member.id)?.health === "Healthy").length;
          return {
            tier: tags.tier ?? "",
            wanted: capacity,
            running,
            repairs,
            ...(shortage !== undefined && { shortage }),
          };
        })
        .sort((a, b) => a.tier.localeCompare(b.tier)),
      machines: machines
        .map((machine) => ({
          name: machine.name,
          hostName: machine.hostName,
          stack,
          tier: machine.tags.tier ?? "",
          address: machine.address,
          state: machine.terminating ? "terminating" : (seen.get(machine.id)?.power ?? "absent"),
          health: seen.get(machine.id)?.health ?? "Missing",
          ...late(seen.get(machine.id)),
          releases: releasesOf(machine.id),
          namespace: machineNamespace(machine.id),
        }))
        .sort((a, b) => a.tier.localeCompare(b.tier) || a.name.localeCompare(b.name)),
      loadBalancers: loadBalancers.flatMap((loadBalancer) =>
        loadBalancer.rules.map((rule) => ({
          name: loadBalancer.name,
          tier: loadBalancer.tags.tier ?? "",
          address: rule.address,
          port: rule.port,
          policy: loadBalancer.tags.balance ?? "hash",
          ...(rule.probe ? { probe: { interval: rule.probe.interval, threshold: rule.probe.threshold } } : {}),
          members: rule.members.map((id) => ({
            machine: names.get(id) ?? id,
            state:
              !rule.probe ||
              status.probes.some((probe) => probe.up && probe.probeId === rule.probe?.id && probe.machineId === id)
                ? ("up" as const)
                : ("down" as const),
          })),
        })),
      ),
      publicAddresses: world.publicAddresses
        .filter((address) => stackOf(address) === stack)
        .map(({ name, address }) => ({ name, address })),
      urls: world.zones
        .filter((zone) => !zone.private && stackOf(zone) === stack)
        .flatMap((zone) => urlsOf(zone, world)),
    };
  });
}

function late(seen: MachineStatus | undefined): { late?: string } {
  return seen?.late === undefined ? {} : { late: seen.late };
}

/** The status as tables. */
export function describe(stacks: StackStatus[]): string {
  if (stacks.length === 0) return "no stack is up; start one with: bin/lab up <stack>\n";
  return stacks
    .map((stack) =>
      [
        `stack ${stack.stack}`,
        table(
          ["tier", "wanted", "running", "repairs"],
          stack.groups.map(({ tier, wanted, running, repairs }) => [tier, String(wanted), String(running), repairs]),
        ),
        ...stack.groups.flatMap(({ tier, shortage }) =>
          shortage === undefined ? [] : [`  ${tier} lacks a machine: ${shortage}`],
        ),
        table(
          ["machine", "tier", "address", "state", "health", "releases"],
          stack.machines.map((machine) => [
            ...[machine.name, machine.tier, machine.address, machine.state, machine.health],
            Object.entries(machine.releases)
              .map(([application, release]) => (application === machine.tier ? release : `${application} ${release}`))
              .join(", "),
          ]),
        ),
        ...drifts(stack.machines.filter(({ state }) => state !== "terminating")).map((drift) => `drift   ${drift}`),
        ...stack.machines.flatMap(({ name, late }) =>
          late === undefined ? [] : [`late    ${name} is not up, and is tried again and again: ${late}`],
        ),
        table(
          ["load balancer", "address", "policy", "members up"],
          stack.loadBalancers.map((loadBalancer) => [
            loadBalancer.name,
            `${loadBalancer.address}:${loadBalancer.port}`,
            loadBalancer.policy,
            `${loadBalancer.members.filter(({ state }) => state === "up").length} of ${loadBalancer.members.length}`,
          ]),
        ),
        ...stack.publicAddresses.map(({ name, address }) => `public  ${address}  ${name}`),
        ...stack.urls.map((url) => `url     ${url}`),
        "",
      ].join("\n"),
    )
    .join("\n");
}
