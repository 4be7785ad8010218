/** What came of one run of a scenario, in figures. Pure. */
import { ejection, firstAnswerOf, slowness } from "./ejection.ts";
import { between, touched, type RequestRecord } from "./history.ts";
import { newcomersOf, recovery, replacement, wholeSince, type Machine, type Sighting } from "./sightings.ts";
import { summarize, type Summary } from "./summary.ts";
import type { Probing } from "./unavoidable.ts";
import { checkWrites, type WritesVerdict } from "./writes.ts";

export interface Evidence {
  /** When the load was steady, when the disturbance began, and a while after its end; milliseconds since 1970. */
  steadyAt: number;
  at: number;
  until: number;
  /** Requests a second that were asked for. */
  rate: number;
  records: readonly RequestRecord[];
  sightings: readonly Sighting[];
  /** How many machines of each kind there should be. */
  wanted: Record<string, number>;
  /** The machine that was broken. */
  machine?: Machine;
  /** The broken machine does not come back. */
  final: boolean;
  /** What the database has in the end of what the load wrote. */
  kept: readonly string[];
}

export interface Outcome {
  rate: number;
  /** Requests a second that were sent, from the steady state until a while after the disturbance. */
  achieved: number;
  /** Steady state before, and everything from the disturbance on. */
  before: Summary;
  after: Summary;
  /** Seconds until no request was failed, held up or answered by the lost machine. */
  ejected: number;
  /** Seconds from the disturbance to the last failed request; undefined where none failed. */
  lastFailure?: number;
  /** Seconds from the verdict on the machine until another one serves in its place. */
  replaced?: number;
  /** Seconds from the disturbance until a machine serves in the broken one's place: another one, or itself again. */
  servesAgain?: number;
  /** Machines of the broken one's kind that came: each took another's place. */
  newcomers: number;
  /** Seconds from the disturbance until the environment was whole for good. */
  whole?: number;
  writes: WritesVerdict;
  /** Machines that shared the work of the broken one, itself included. */
  members: number;
  /** Of the load balancer that has the broken machine as a member. */
  probing?: Probing;
}

export function outcomeOf(evidence: Evidence): Outcome {
  const { at, machine, records, sightings, wanted, rate } = evidence;
  const before = between(records, evidence.steadyAt, at);
  const after = summarize(between(records, at, Infinity));
  const first = sightings[0]?.status;
  const whole = wholeSince(sightings, wanted);
  const loadBalancer = first?.loadBalancers.find(({ members }) =>
    members.some((member) => member.machine === machine?.name),
  );
  const seconds = (evidence.until - evidence.steadyAt) / 1000;
  return {
    rate,
    achieved:
      between(records, evidence.steadyAt, evidence.until).filter(({ sent }) => sent !== undefined).length / seconds,
    before: summarize(before),
    after,
    ejected: ejection(records, {
      at,
      slow: slowness(before),
      hostName: evidence.final ? machine?.hostName : undefined,
    }),
    lastFailure: after.lastFailure === undefined ? undefined : (after.lastFailure - at) / 1000,
    replaced: machine && evidence.final ? replacedAfter(evidence, machine) : undefined,
    servesAgain: machine && servesAgainAfter(evidence, machine),
    newcomers: machine ? newcomersOf(sightings, machine).size : 0,
    whole: whole === undefined ? undefined : Math.max(0, whole - at) / 1000,
    writes: checkWrites(records, evidence.kept),
    members: machine ? (wanted[machine.tier] ?? 1) : 1,
    probing: loadBalancer?.probe,
  };
}

function replacedAfter(evidence: Evidence, lost: Machine): number | undefined {
  const found = replacement(evidence.sightings, lost);
  if (!found?.machine || found.healthyAt === undefined) return undefined;
  const served = servesFrom(evidence, found.machine, evidence.at, found.healthyAt);
  return served === undefined ? undefined : Math.max(0, served - found.verdictAt) / 1000;
}

/** Undefined where the machine was never seen to fall, or nobody serves in its place. */
function servesAgainAfter(evidence: Evidence, broken: Machine): number | undefined {
  const found = recovery(evidence.sightings, broken, evidence.at);
  if (!found) return undefined;
  const served = servesFrom(evidence, found.machine, found.fellAt, found.healthyAt);
  return served === undefined ? undefined : (served - evidence.at) / 1000;
}

/** A machine serves when it is healthy and, where answers name machines of its kind, when one names it. */
function servesFrom({ records, sightings }: Evidence, machine: Machine, from: number, healthyAt: number) {
  const kin =
    sightings[0]?.status.machines.filter(({ tier }) => tier === machine.tier).map(({ hostName }) => hostName) ?? [];
  const named = records.some((record) => kin.some((hostName) => touched(record, hostName)));
  const answered = named ? firstAnswerOf(records, machine.hostName, from) : healthyAt;
  return answered === undefined ? undefined : Math.max(healthyAt, answered);
}
