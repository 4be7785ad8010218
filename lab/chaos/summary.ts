/** A history in a few figures. Pure. */
import { percentile } from "./figures.ts";
import { failed, idempotent, type RequestRecord } from "./history.ts";

export interface Summary {
  /** Requests that were sent. */
  count: number;
  /** Requests that the generator could not send: its figures say less than they seem to, when there are any. */
  unsent: number;
  /** Failed requests. A proxy should have sent idempotent ones again; whether others were done is not known. */
  failed: { idempotent: number; other: number };
  /** How many answers by status; 0 is no answer. */
  statuses: Record<string, number>;
  /** Why requests had no answer, the most frequent first. */
  errors: Record<string, number>;
  /** Milliseconds, failed requests included. */
  latency: { p50: number; p90: number; p99: number; max: number };
  /** How many answers name a machine as passed. */
  machines: Record<string, number>;
  /** The longest time between two requests that succeeded with one that failed between them, seconds. */
  outage: number;
  /** When the first and the last failed request should be sent, milliseconds since 1970. */
  firstFailure?: number;
  lastFailure?: number;
}

export function summarize(records: readonly RequestRecord[]): Summary {
  const sent = records.filter(({ sent: at }) => at !== undefined);
  const failures = sent.filter(failed);
  const latencies = sent.map(({ latency }) => latency);
  return {
    count: sent.length,
    unsent: records.length - sent.length,
    failed: {
      idempotent: failures.filter(idempotent).length,
      other: failures.filter((record) => !idempotent(record)).length,
    },
    statuses: counts(sent.map(({ status }) => String(status))),
    errors: counts(failures.flatMap(({ error }) => (error === undefined ? [] : [kind(error)]))),
    latency: {
      p50: percentile(latencies, 0.5),
      p90: percentile(latencies, 0.9),
      p99: percentile(latencies, 0.99),
      max: percentile(latencies, 1),
    },
    machines: counts(sent.flatMap(({ passed }) => passed)),
    outage: outage(sent),
    firstFailure: failures[0]?.planned,
    lastFailure: failures.at(-1)?.planned,
  };
}

/** The same error of two connections is one kind: without the port that the client happened to have. */
function kind(error: string): string {
  return error.replace(/\d+\.\d+\.\d+\.\d+:\d+->/g, "");
}

function counts(values: readonly string[]): Record<string, number> {
  const found = new Map<string, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return Object.fromEntries([...found].sort(([a, many], [b, more]) => more - many || a.localeCompare(b)));
}

function outage(sent: readonly RequestRecord[]): number {
  const first = sent[0];
  if (!first) return 0;
  let longest = 0;
  let good = first.planned;
  let failing = false;
  for (const record of sent) {
    if (failed(record)) {
      failing = true;
      continue;
    }
    if (failing) longest = Math.max(longest, record.planned - good);
    failing = false;
    good = record.planned;
  }
  // A history that ends in failures: the outage lasts at least as long as it was watched.
  if (failing) longest = Math.max(longest, (sent.at(-1)?.planned ?? good) - good);
  return longest / 1000;
}
