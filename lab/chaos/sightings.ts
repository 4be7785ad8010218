/** What was seen of the environment, over time: whether it is whole, and which machine took another's place. Pure. */
import type { StackStatus } from "../cli/status.ts";

export type Machine = StackStatus["machines"][number];

/** The status at an instant at which it was another than before. */
export interface Sighting {
  /** Milliseconds since 1970. */
  at: number;
  status: StackStatus;
}

/** How many machines each kind has. */
export function machineCounts({ machines }: StackStatus): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { tier } of machines) counts[tier] = (counts[tier] ?? 0) + 1;
  return counts;
}

/** What the environment lacks of being whole: as many machines as it should have, all healthy and all in rotation. */
export function lacks(status: StackStatus, wanted: Record<string, number>): string[] {
  const counts = machineCounts(status);
  const kinds = [...new Set([...Object.keys(wanted), ...Object.keys(counts)])].sort();
  return [
    ...kinds.flatMap((kind) => (counts[kind] ?? 0) === (wanted[kind] ?? 0) ? [] : [`${counts[kind] ?? 0} of ${wanted[kind] ?? 0} ${kind}`]),
    ...status.machines.flatMap(({ name, state, health }) =>
      state === "running" && ["Healthy", "None"].includes(health) ? [] : [`${name} is ${state}, ${health}`]),
    ...status.loadBalancers.flatMap(({ name, members }) => {
      const up = members.filter(({ state }) => state === "up").length;
      return up === members.length && up > 0 ? [] : [`${up} of ${members.length} members up behind ${name}`];
    }),
  ];
}

/** Since when the environment has been whole without interruption; undefined where it is not at the end. */
export function wholeSince(sightings: readonly Sighting[], wanted: Record<string, number>): number | undefined {
  const last = sightings.findLastIndex(({ status }) => lacks(status, wanted).length > 0);
  return sightings[last + 1]?.at;
}

export interface Replacement {
  /** When it was first seen that the machine is given up: it is gone, or another one of its kind is there. */
  verdictAt: number;
  /** The machine that took its place. */
  machine?: Machine;
  /** When that one was first seen healthy. */
  healthyAt?: number;
}

/** How a machine was replaced; undefined while it was not given up. The first sighting is from before. */
export function replacement(sightings: readonly Sighting[], lost: Machine): Replacement | undefined {
  const before = new Set(sightings[0]?.status.machines.map(({ name }) => name));
  const newcomers = ({ machines }: StackStatus) => machines.filter(({ name, tier }) => tier === lost.tier && !before.has(name));
  const verdict = sightings.find(({ status }) =>
    !status.machines.some(({ name }) => name === lost.name) || newcomers(status).length > 0);
  if (!verdict) return undefined;
  const healthy = sightings.find(({ status }) => newcomers(status).some(({ health }) => health === "Healthy"));
  const machine = healthy
    ? newcomers(healthy.status).find(({ health }) => health === "Healthy")
    : sightings.flatMap(({ status }) => newcomers(status))[0];
  return { verdictAt: verdict.at, machine, healthyAt: healthy?.at };
}
