/** What must come of a step, forth and back: each goal says what was wanted and what came. Pure. */
import { between, failed, type RequestRecord } from "../chaos/history.ts";
import type { Verdict } from "../chaos/goals.ts";
import { clientFailed, type ClientRecord, type Keeping } from "./clients.ts";
import { sideOf, type Expectation } from "./expectations.ts";

/** One way of a step. */
export interface Phase {
  name: "forth" | "back" | "forth again";
  /** Milliseconds since 1970: the first change, when all proxies have it and short times to live have run out, the end. */
  from: number;
  settled: number;
  to: number;
  before: readonly Expectation[];
  after: readonly Expectation[];
}

export interface Evidence {
  /** Requests a second that the load was to have. */
  rate: number;
  /** When the load began and ended. */
  from: number;
  to: number;
  load: readonly RequestRecord[];
  clients: readonly ClientRecord[];
  /** There were browsers: the hosts have certificates. */
  hasBrowsers: boolean;
  phases: readonly Phase[];
  /** Addresses of the old host, and of the reverse proxies by the name of their stack. */
  addresses: Readonly<Record<string, string | undefined>>;
}

const verdict = (goal: string, wanted: string, got: string, met: boolean): Verdict => ({ goal, wanted, got, met });

/** The verdicts that every step has. */
export function judge(evidence: Evidence): Verdict[] {
  return [
    loadWasKept(evidence),
    noRequestFailed(evidence),
    ...noClientFailed(evidence),
    ...sides(evidence),
    ...ways(evidence),
  ];
}

/** Otherwise a step that fails nobody was one that hardly anybody met. */
function loadWasKept({ rate, load, from, to }: Evidence): Verdict {
  const seconds = (to - from) / 1000;
  const sent = between(load, from, to).filter((one) => one.sent !== undefined).length;
  // Requests come at random; of a way of seconds there are few.
  const least = 0.95 * rate * seconds - 3 * Math.sqrt(rate * seconds);
  const unsent = load.filter(({ sent }) => sent === undefined).length;
  return verdict(
    "the load was kept",
    `${rate} requests a second, all sent`,
    `${(sent / seconds).toFixed(0)} a second, ${unsent} not sent`,
    sent > 0 && sent >= least && unsent === 0,
  );
}

function noRequestFailed({ load }: Evidence): Verdict {
  const bad = load.filter(failed);
  const [first] = bad;
  const why = first
    ? `; the first at ${new Date(first.planned).toISOString()}: ${first.status} ${(first.error ?? first.text ?? "").slice(0, 200)}`
    : "";
  return verdict("no request failed", "0 failed", `${bad.length} of ${load.length} failed${why}`, bad.length === 0);
}

/** A goal for the clients of each resolver, and one for browsers. */
function noClientFailed({ clients, hasBrowsers }: Evidence): Verdict[] {
  const kinds: [string, (record: ClientRecord) => boolean][] = [
    ["whose resolver honours times to live", ({ keeping }) => keeping === "honours"],
    ["whose resolver caps them", ({ keeping }) => keeping === "caps"],
    ["whose resolver ignores them", ({ keeping }) => keeping === "ignores"],
    ["with a cookie", ({ number }) => number !== undefined],
  ];
  return kinds.flatMap(([kind, is]) => {
    const its = clients.filter(is);
    if (kind === "with a cookie" && !hasBrowsers) return [];
    const bad = its.filter(clientFailed);
    const [first] = bad;
    const why = first ? `; the first: ${first.host} ${first.address ?? ""} ${first.error ?? first.status}` : "";
    return [
      verdict(
        `no client ${kind} failed`,
        "some requests, 0 failed",
        `${bad.length} of ${its.length}${why}`,
        bad.length === 0 && its.length > 0,
      ),
    ];
  });
}

const ofHost = (all: readonly Expectation[], host: string) => all.find((one) => one.host === host);

/**
 * Each browser is on one side: that of its number. While reverse proxies take over a new share, one after the other, only
 * those whose side changes may be on either.
 */
function sides({ clients, hasBrowsers, phases }: Evidence): Verdict[] {
  if (!hasBrowsers) return [];
  const wrong: ClientRecord[] = [];
  let seen = 0;
  for (const { from, settled, to, before, after } of phases) {
    for (const record of clients) {
      const { number, host, began, ended, side } = record;
      const [old, now] = [ofHost(before, host), ofHost(after, host)];
      if (number === undefined || side === undefined || began < from || began >= to || !old || !now) continue;
      seen += 1;
      const allowed = [sideOf(number, now), ...(began < settled ? [sideOf(number, old)] : [])];
      if (ended < to && !allowed.includes(side)) wrong.push(record);
    }
  }
  const [first] = wrong;
  return [
    verdict(
      "each browser was on its side",
      "some requests, 0 on the other one",
      `${wrong.length} of ${seen}${first ? `; the first: number ${first.number}, ${first.host}, ${first.side}` : ""}`,
      seen > 0 && wrong.length === 0,
    ),
  ];
}

/**
 * Once times to live have run out, names lead where they should, by resolvers that honour or cap them; in every way at the
 * other ones no client failed, which is another goal.
 */
function ways({ clients, phases, addresses }: Evidence): Verdict[] {
  return (["honours", "caps"] as const satisfies Keeping[]).map((keeping) => {
    let seen = 0;
    const wrong: ClientRecord[] = [];
    for (const { settled, to, after } of phases) {
      for (const record of clients) {
        const expected = ofHost(after, record.host);
        if (record.keeping !== keeping || record.began < settled || record.began >= to || !expected) continue;
        seen += 1;
        if (record.address !== addressOf(expected, addresses)) wrong.push(record);
      }
    }
    const [first] = wrong;
    return verdict(
      `names lead where they should, by a resolver that ${keeping} times to live`,
      "some requests, 0 elsewhere",
      `${wrong.length} of ${seen}${first ? `; the first: ${first.host} to ${first.address ?? "nowhere"}` : ""}`,
      seen > 0 && wrong.length === 0,
    );
  });
}

/** Where a host's name leads. */
export const addressOf = ({ target, entry }: Expectation, addresses: Evidence["addresses"]): string | undefined =>
  addresses[target === "legacy" ? "old" : entry];

/** Of the requests of the last phase, once it had settled: percent that a tier answered, and not the old host. */
export function tierShare({ load, phases }: Pick<Evidence, "load" | "phases">): number {
  const last = phases.at(-1);
  const its = last ? between(load, last.settled, last.to) : [];
  return its.length === 0 ? NaN : (100 * its.filter(({ machine }) => machine !== "old-host").length) / its.length;
}
