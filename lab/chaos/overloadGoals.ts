/** What must come of an overload: each goal says what was wanted and what came. Pure. */
import type { Report } from "./experiment.ts";
import { becameWhole, writesWereKept, type Verdict } from "./goals.ts";
import type { RequestRecord } from "./history.ts";
import { inTimeMs, servingOf, type Serving } from "./serving.ts";
import { newcomersOf, replacement, wholeSince, type Machine, type Sighting } from "./sightings.ts";
import { checkWrites } from "./writes.ts";

/** A load at one rate, from one instant until another; milliseconds since 1970. */
export interface Phase {
  rate: number;
  from: number;
  to: number;
}

export interface OverloadEvidence {
  /** Requests a second. */
  capacity: number;
  /** A little more than the capacity was asked for: its goodput is the best. */
  full: Phase;
  before: Phase;
  excess: Phase;
  after: Phase;
  records: readonly RequestRecord[];
  sightings: readonly Sighting[];
  /** How many machines of each kind there should be. */
  wanted: Record<string, number>;
  /** What the database has in the end of what the load wrote. */
  kept: readonly string[];
  /** The machine that was broken, and when. */
  broken?: { machine: Machine; at: number };
}

/** Share of the goodput that is there without an overload. */
const keptShare = 0.9;
/** Share of the capacity without which the best is none: the environment collapsed before the overload began. */
const leastShare = 0.9;
/**
 * Seconds after a fault in which goodput is not asked for: so long Azure's load balancer may give a lost machine new
 * connections, as `unavoidable.ts` counts it.
 */
const ejectionSeconds = 15;
/** Seconds after the excess in which what it left behind may still fail. */
const settleSeconds = 5;
/** Share of the excess that may be neither served nor refused while no machine is broken. */
const failedShare = 0.01;
/** Milliseconds that a refusal may take: one that takes longer costs what it should save. */
const refusalMs = 100;

export function judge(evidence: OverloadEvidence): Report {
  const { full, before, excess, after, broken, records, sightings, wanted } = evidence;
  const [best, normal, over, again] = [full, settledIn(before), excess, after].map((phase) =>
    served(records, phase),
  ) as Four;
  const calm = settledIn(after);
  const settled = served(records, calm);
  const writes = checkWrites(records, evidence.kept);
  const since = wholeSince(sightings, wanted);
  const whole = since === undefined ? undefined : Math.max(0, since - (broken?.at ?? excess.from)) / 1000;
  const healthyAt = broken && replacement(sightings, broken.machine)?.healthyAt;
  return {
    figures: {
      "offered /s": excess.rate,
      "goodput /s": over.goodput,
      "of the best": over.goodput / best.goodput,
      "refused /s": over.refused,
      "failed /s": over.failed,
      "p99 ms": over.p99,
      "p99 refused ms": over.refusedP99,
      "p99 before ms": normal.p99,
      "p99 after ms": settled.p99,
      missing: writes.missing.length,
      twice: writes.twice.length,
      "newcomer healthy s": broken && healthyAt !== undefined ? (healthyAt - broken.at) / 1000 : NaN,
      "whole s": whole ?? NaN,
    },
    verdicts: [
      loadWasKept([best, normal, over, again]),
      goodputIs("before the excess", leastShare * evidence.capacity, best.goodput),
      goodputWasKept(evidence, best, over),
      ...(broken ? [] : [...latenciesWereKept(over), fewFailed(over)]),
      noneFailed(settled, calm),
      within(`${settleSeconds} s after the excess: 99th percentile`, settled.p99, 2 * normal.p99 + 50),
      othersWereLeftAlone(sightings, broken?.machine),
      writesWereKept({ writes }),
      becameWhole({ whole }),
    ],
  };
}

type Four = [Serving, Serving, Serving, Serving];

/** What an excess left behind is over. */
function settledIn(phase: Phase): Phase {
  return { ...phase, from: phase.from + settleSeconds * 1000 };
}

function served(records: readonly RequestRecord[], { rate, from, to }: Phase): Serving {
  return servingOf(records, rate, from, to);
}

/** Otherwise the figures are those of another load. */
function loadWasKept(phases: Four): Verdict {
  return {
    goal: "the load was kept",
    wanted: `${phases.map(({ offered }) => offered).join(", then ")} requests a second, 90% of them sent at least`,
    got: phases.map(({ sent }) => sent.toFixed(0)).join(", then "),
    met: phases.every(({ offered, sent }) => sent >= 0.9 * offered),
  };
}

/** Machines share the host's processors: with one less, the others can do as much. */
function goodputWasKept({ records, excess, broken }: OverloadEvidence, best: Serving, over: Serving): Verdict {
  const least = keptShare * best.goodput;
  if (!broken) return goodputIs("the excess", least, over.goodput);
  const { at, machine } = broken;
  const from = Math.max(excess.from, at + ejectionSeconds * 1000);
  const { goodput } = served(records, { ...excess, from });
  return goodputIs(`the excess without ${machine.name}`, least, goodput);
}

/** Proxies let in what all machines of a kind can do: with one less, it is others further in who refuse, later. */
function latenciesWereKept({ p99, refused, refusedP99 }: Serving): Verdict[] {
  return [
    within("the excess: 99th percentile of what was served", p99, inTimeMs),
    // Where nothing was refused, nothing was refused slowly.
    within("the excess: 99th percentile of refusals", refused === 0 ? 0 : refusedP99, refusalMs),
  ];
}

/** What is too much is refused: it neither fails otherwise nor stays without an answer. */
function fewFailed({ sent, failed }: Serving): Verdict {
  return {
    goal: "the excess: neither served nor refused",
    wanted: `at most ${failedShare * 100}%`,
    got: `${((failed / sent) * 100).toFixed(2)}%`,
    met: failed <= failedShare * sent,
  };
}

function goodputIs(when: string, least: number, got: number): Verdict {
  return {
    goal: `${when}: goodput`,
    wanted: `at least ${least.toFixed(0)} a second`,
    got: `${got.toFixed(0)} a second`,
    met: got >= least,
  };
}

function within(goal: string, got: number, most: number): Verdict {
  const text = (value: number) => (Number.isNaN(value) ? "none" : `${value.toFixed(0)} ms`);
  return { goal, wanted: `at most ${text(most)}`, got: text(got), met: got <= most };
}

function noneFailed({ refused, failed, goodput }: Serving, { from, to }: Phase): Verdict {
  const [refusals, others] = [refused, failed].map((aSecond) => Math.round((aSecond * (to - from)) / 1000));
  return {
    goal: `${settleSeconds} s after the excess: no request failed`,
    wanted: "0 failed",
    got: `${refusals} refused, ${others} failed otherwise`,
    met: refusals === 0 && others === 0 && goodput > 0,
  };
}

function othersWereLeftAlone(sightings: readonly Sighting[], broken: Machine | undefined): Verdict {
  const found = disturbedOthers(sightings, broken);
  return {
    goal: "no machine that was well was repaired or taken out",
    wanted: "none",
    got: found.join(", ") || "none",
    met: found.length === 0,
  };
}

/**
 * What happened to machines that nobody broke: they left, went down behind a load balancer, or others came. The first
 * sighting is from before; one machine may come for the broken one.
 */
export function disturbedOthers(sightings: readonly Sighting[], broken: Machine | undefined): string[] {
  const others = (sightings[0]?.status.machines ?? []).map(({ name }) => name).filter((name) => name !== broken?.name);
  const [, ...more] = broken ? newcomersOf(sightings, broken) : [];
  const found = sightings.flatMap(({ status: { machines, loadBalancers } }) => {
    const staying = new Set(machines.filter(({ state }) => state !== "terminating").map(({ name }) => name));
    return [
      ...others.filter((name) => !staying.has(name)).map((name) => `${name} left`),
      ...machines
        .filter(({ name, tier }) => name !== broken?.name && tier !== broken?.tier && !others.includes(name))
        .map(({ name }) => `${name} came`),
      ...loadBalancers.flatMap(({ name, members }) =>
        members
          .filter(({ machine, state }) => state === "down" && others.includes(machine))
          .map(({ machine }) => `${machine} was down behind ${name}`),
      ),
    ];
  });
  return [...new Set([...more.map((name) => `${name} came`), ...found])];
}
