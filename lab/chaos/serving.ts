/** What a load got of the environment: how much was served in time, how much refused, how long both took. Pure. */
import { percentile } from "./figures.ts";
import { between, failed, type RequestRecord } from "./history.ts";

/** Milliseconds from the planned time within which an answer is of use. */
export const inTimeMs = 1000;

export interface Serving {
  /** Requests a second, on average: what was planned, and what the generator sent meanwhile. */
  offered: number;
  sent: number;
  /** Answers a second with a status of 200 to 399 within a second of the planned time. */
  goodput: number;
  /** Answers a second with status 503. */
  refused: number;
  /** Requests a second that had another bad answer or none, or were not sent. */
  failed: number;
  /** Share of the requests that were answered well in time. */
  good: number;
  /** Milliseconds from the planned time to the end of answers with a status of 200 to 399; NaN without any. */
  p50: number;
  p99: number;
  /** The same of answers with status 503. */
  refusedP99: number;
}

/** Of the requests that were planned from one instant until another. */
export function servingOf(records: readonly RequestRecord[], offered: number, from: number, to: number): Serving {
  const planned = between(records, from, to);
  const served = planned.filter((record) => !failed(record));
  const refused = planned.filter(isRefused);
  const good = served.filter(({ latency }) => latency <= inTimeMs).length;
  const aSecond = (count: number) => count / ((to - from) / 1000);
  const latency = (of: readonly RequestRecord[], share: number) =>
    percentile(
      of.map(({ latency }) => latency),
      share,
    );
  return {
    offered,
    sent: aSecond(records.filter(({ sent }) => sent !== undefined && sent >= from && sent < to).length),
    goodput: aSecond(good),
    refused: aSecond(refused.length),
    failed: aSecond(planned.length - served.length - refused.length),
    good: planned.length === 0 ? 0 : good / planned.length,
    p50: latency(served, 0.5),
    p99: latency(served, 0.99),
    refusedP99: latency(refused, 0.99),
  };
}

function isRefused({ status }: RequestRecord): boolean {
  return status === 503;
}

/** The median of each figure over several times. */
export function medianOf(servings: readonly [Serving, ...Serving[]]): Serving {
  const names = Object.keys(servings[0]) as (keyof Serving)[];
  const median = (name: keyof Serving) =>
    percentile(
      servings.map((serving) => serving[name]).filter((value) => !Number.isNaN(value)),
      0.5,
    );
  return Object.fromEntries(names.map((name) => [name, median(name)])) as unknown as Serving;
}
