/** Histories of regular requests, with what goes wrong in them. */
import type { RequestRecord } from "../history.ts";

/** 2026-12-01T00:00:00Z, milliseconds since 1970: when the histories of the tests begin. */
export const start = 1_796_083_200_000;

/** A request so many seconds after the start that went well, but for what is given. */
export function record(seconds: number, more: Partial<RequestRecord> = {}): RequestRecord {
  const planned = start + seconds * 1000;
  return { planned, sent: planned, latency: 10, method: "GET", status: 200, passed: ["proxy1", "front1"], ...more };
}

/** A request each `every` milliseconds for so many seconds. */
export function steady(
  seconds: number,
  every: number,
  more: (seconds: number) => Partial<RequestRecord> = () => ({}),
): RequestRecord[] {
  return Array.from({ length: Math.round((seconds * 1000) / every) }, (_, index) =>
    record((index * every) / 1000, more((index * every) / 1000)),
  );
}

/** The line that the load generator writes for a record. */
export function line(given: RequestRecord): string {
  const { planned, sent, ...rest } = given;
  return JSON.stringify({ planned: planned * 1e6, ...(sent === undefined ? {} : { sent: sent * 1e6 }), ...rest });
}
