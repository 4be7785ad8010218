/** What happens on which day: all of it follows from the seed, the number of days and the hosts. Pure. */
import { drawn } from "../interruptions/plan.ts";

/** Days, as a time from day 0 on. */
export interface Span {
  from: number;
  to: number;
}

/** Something that is done to one of the proxies. */
export interface Event {
  /** From 1 on. */
  number: number;
  day: number;
  /** Which of the proxies in rotation: a share of their number, at least 0, below 1. */
  choice: number;
}

export type Service = "authority" | "vault";

export interface Plan {
  days: number;
  /** Of names as in the certificates, sorted. */
  hosts: readonly string[];
  replacements: readonly Event[];
  wipes: readonly Event[];
  away: readonly (Span & { service: Service })[];
  /** By host, in which days its certificate is renewed once; first come first. They go on behind the last day. */
  renewals: ReadonlyMap<string, readonly Span[]>;
}

/** A certificate's days, as Let's Encrypt has them, and the window of its renewal. */
export const lifeDays = 90;
const window: Span = { from: 59, to: 61 };
/** Days from the moment at which a renewal is due, and nothing is away, until the vault has it: a minute. */
const graceDays = 3;

/** Of 90 days. */
const replacementsOfLife = 20;
const wipesOfLife = 80;
/** A proxy boots within so many days, also where others came late: what is begun later would end after the last one. */
const replacementDays = 8;
/** A proxy that is deleted works on for so many days at most. */
const leavingDays = 2;

/**
 * Every second host has a certificate of this age on day 0, the others a new one: so one is due while the vault is away,
 * the other while the authority is.
 */
const agedDays = 30;
const outages: Plan["away"] = [
  { service: "vault", from: 24, to: 31 },
  { service: "authority", from: 35, to: 65 },
];

/** @param hosts Their order is of no account. */
export function planned(seed: number, days: number, hosts: readonly string[]): Plan {
  const sorted = [...hosts].sort();
  // What a shorter time would not see the end of is left out.
  const away = outages.filter(({ to }) => to + graceDays <= days);
  return {
    days,
    hosts: sorted,
    away,
    replacements: spread(`${seed} replacement`, replacementsOfLife, days, Math.max(0, days - replacementDays)),
    wipes: spread(`${seed} wipe`, wipesOfLife, days, days),
    renewals: new Map(sorted.map((host, index) => [host, renewalsOf(index % 2 === 0 ? -agedDays : 0, days, away)])),
  };
}

/** As many as come to these days, one at random in each part of the time. */
function spread(words: string, ofLife: number, days: number, within: number): Event[] {
  const count = Math.round((ofLife * days) / lifeDays);
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    day: ((index + drawn(`${words} ${index} day`)) * within) / count,
    choice: drawn(`${words} ${index} choice`),
  }));
}

/** @param issued The day on which the certificate begins. */
function renewalsOf(issued: number, days: number, away: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (let born: Span = { from: issued, to: issued }; born.from < days; born = found.at(-1)!) {
    const due = { from: born.from + window.from, to: born.to + window.to };
    // Due while something is away, it comes when that is over.
    const over = away.find(({ from, to }) => from <= due.from && due.from < to)?.to;
    found.push({ from: over ?? due.from, to: Math.max(over ?? 0, due.to) + graceDays });
  }
  return found;
}

/** Whether a proxy may be deleted: one that ends in the middle of an order costs one more. */
export const mayLeave = ({ renewals }: Plan, day: number): boolean =>
  ![...renewals.values()].flat().some(({ from, to }) => from - leavingDays <= day && day < to);

/**
 * The day from which to go on with what was broken off: no renewal is under way.
 *
 * @param reached The last day that was seen.
 */
export function dayToGoOn({ renewals }: Plan, reached: number): number {
  const spans = [...renewals.values()].flat();
  let day = Math.max(0, Math.floor(reached));
  // Hosts' renewals may follow each other.
  for (let before = NaN; before !== day;) {
    before = day;
    day = Math.min(day, ...spans.filter(({ from, to }) => from < day && day < to).map(({ from }) => from));
  }
  return day;
}

/** The age of a host's certificate on a day on which no renewal is under way, if it was renewed as early as it can be. */
export function ageOn({ hosts, renewals }: Plan, host: string, day: number): number {
  const last = (renewals.get(host) ?? []).findLast(({ to }) => to <= day);
  if (last) return day - last.from;
  return day + (hosts.indexOf(host) % 2 === 0 ? agedDays : 0);
}

export interface Wanted {
  least: number;
  most: number;
}

/** How many renewals of a host there are from one day to another; one that is under way then may have been, or not. */
export function renewalsBetween({ renewals }: Plan, host: string, { from, to }: Span): Wanted {
  const spans = (renewals.get(host) ?? []).filter((span) => span.from >= from);
  return { least: spans.filter((span) => span.to <= to).length, most: spans.filter((span) => span.from < to).length };
}
