/** What was seen of the environment, over time: whether it is whole, and which machine took another's place. Pure. */
import type { StackStatus } from "../cli/status.ts";

export type Machine = StackStatus["machines"][number];

/** The status at an instant at which it was another than before. */
export interface Sighting {
  /** Milliseconds since 1970. */
  at: number;
  status: StackStatus;
}

/** How many machines each kind should have: what is configured. */
export function configured({ groups }: StackStatus): Record<string, number> {
  return Object.fromEntries(groups.map(({ tier, wanted }) => [tier, wanted]));
}

/**
 * What the environment lacks of being whole: as many machines as it should have, all healthy and all in rotation. Those
 * that are leaving are not counted.
 */
export function lacks(status: StackStatus, wanted: Record<string, number>): string[] {
  const leaving = new Set(status.machines.filter(({ state }) => state === "terminating").map(({ name }) => name));
  const machines = status.machines.filter(({ name }) => !leaving.has(name));
  const kinds = [...new Set([...Object.keys(wanted), ...machines.map(({ tier }) => tier)])].sort();
  const count = (kind: string) => machines.filter(({ tier }) => tier === kind).length;
  return [
    ...kinds.flatMap((kind) =>
      count(kind) === (wanted[kind] ?? 0) ? [] : [`${count(kind)} of ${wanted[kind] ?? 0} ${kind}`],
    ),
    ...machines.flatMap(({ name, state, health }) =>
      state === "running" && ["Healthy", "None"].includes(health) ? [] : [`${name} is ${state}, ${health}`],
    ),
    // Without repairs the next machine that is lost stays lost.
    ...status.groups.flatMap(({ tier, repairs }) =>
      repairs === "Suspended" ? [`repairs of ${tier} are suspended`] : [],
    ),
    ...status.loadBalancers.flatMap(({ name, members }) => {
      const staying = members.filter(({ machine }) => !leaving.has(machine));
      const up = staying.filter(({ state }) => state === "up").length;
      return up === staying.length && up > 0 ? [] : [`${up} of ${staying.length} members up behind ${name}`];
    }),
  ];
}

/** Since when the environment has been whole without interruption; undefined where it is not at the end. */
export function wholeSince(sightings: readonly Sighting[], wanted: Record<string, number>): number | undefined {
  const last = sightings.findLastIndex(({ status }) => lacks(status, wanted).length > 0);
  return sightings[last + 1]?.at;
}

export interface Replacement {
  /**
   * When it was first seen that the machine is given up: it is gone or leaving, or another one of its kind is there.
   */
  verdictAt: number;
  /** The machine that took its place. */
  machine?: Machine;
  /** When that one was first seen healthy. */
  healthyAt?: number;
}

/** Names of the machines of its kind that were not there in the first sighting. */
export function newcomersOf(sightings: readonly Sighting[], { tier }: Machine): Set<string> {
  const before = new Set(sightings[0]?.status.machines.map(({ name }) => name));
  const all = sightings.flatMap(({ status }) => status.machines.filter((machine) => machine.tier === tier));
  return new Set(all.map(({ name }) => name).filter((name) => !before.has(name)));
}

export interface Recovery {
  /** When the broken machine was first seen not to be well. */
  fellAt: number;
  /** The machine that is in its place: itself, or another one. */
  machine: Machine;
  healthyAt: number;
}

/** Which machine was well first after the broken one had fallen; undefined while none is, or it did not fall. */
export function recovery(sightings: readonly Sighting[], broken: Machine, at: number): Recovery | undefined {
  const isWell = ({ state, health }: Machine) => state === "running" && health === "Healthy";
  const fell = sightings.find(
    (seen) => seen.at >= at && !seen.status.machines.some((one) => one.name === broken.name && isWell(one)),
  );
  if (!fell) return undefined;
  const candidates = newcomersOf(sightings, broken).add(broken.name);
  for (const seen of sightings) {
    const machine = seen.at > fell.at && seen.status.machines.find((one) => candidates.has(one.name) && isWell(one));
    if (machine) return { fellAt: fell.at, machine, healthyAt: seen.at };
  }
  return undefined;
}

/** How a machine was replaced; undefined while it was not given up. The first sighting is from before. */
export function replacement(sightings: readonly Sighting[], lost: Machine): Replacement | undefined {
  const before = new Set(sightings[0]?.status.machines.map(({ name }) => name));
  const newcomers = ({ machines }: StackStatus) =>
    machines.filter(({ name, tier }) => tier === lost.tier && !before.has(name));
  const verdict = sightings.find(
    ({ status }) =>
      !status.machines.some(({ name, state }) => name === lost.name && state !== "terminating") ||
      newcomers(status).length > 0,
  );
  if (!verdict) return undefined;
  const healthy = sightings.find(({ status }) => newcomers(status).some(({ health }) => health === "Healthy"));
  const machine = healthy
    ? newcomers(healthy.status).find(({ health }) => health === "Healthy")
    : sightings.flatMap(({ status }) => newcomers(status))[0];
  return { verdictAt: verdict.at, machine, healthyAt: healthy?.at };
}
