import { expect, test } from "vitest";
import { summarize } from "./summary.ts";
import { record, start, steady } from "./testing/histories.ts";

test("a history without trouble has no failure and no outage", () => {
  expect(summarize(steady(1, 100))).toEqual({
    count: 10,
    unsent: 0,
    failed: { idempotent: 0, other: 0 },
    statuses: { 200: 10 },
    errors: {},
    latency: { p50: 10, p90: 10, p99: 10, max: 10 },
    machines: { front1: 10, proxy1: 10 },
    outage: 0,
    firstFailure: undefined,
    lastFailure: undefined,
  });
});

test("failures are counted by whether they may be repeated, and by status and error", () => {
  const { count, failed, statuses, errors } = summarize([
    record(0),
    record(1, { status: 502 }),
    record(2, { method: "POST", status: 503 }),
    record(3, { status: 0, error: "read tcp 198.51.100.200:4711->198.51.100.41:80: connection reset by peer" }),
    record(4, { status: 0, error: "read tcp 198.51.100.200:4712->198.51.100.41:80: connection reset by peer" }),
  ]);
  expect({ count, failed, statuses, errors }).toEqual({
    count: 5,
    failed: { idempotent: 3, other: 1 },
    statuses: { 0: 2, 200: 1, 502: 1, 503: 1 },
    errors: { "read tcp 198.51.100.41:80: connection reset by peer": 2 },
  });
});

test("what was not sent is told apart, for it says nothing of the servers", () => {
  const { count, unsent, failed } = summarize([record(0), record(1, { sent: undefined, method: "", status: 0 })]);
  expect({ count, unsent, failed }).toEqual({ count: 1, unsent: 1, failed: { idempotent: 0, other: 0 } });
});

test("the outage is the longest time without success, not the sum of failures", () => {
  const bad = [0.3, 0.4, 0.7];
  const { outage, firstFailure, lastFailure } = summarize(
    steady(1, 100, (seconds) => (bad.includes(seconds) ? { status: 502 } : {})),
  );
  expect(outage).toBeCloseTo(0.3);
  expect({ firstFailure, lastFailure }).toEqual({ firstFailure: start + 300, lastFailure: start + 700 });
  expect(summarize(steady(1, 100, (seconds) => (seconds > 0.45 ? { status: 0 } : {}))).outage).toBeCloseTo(0.5);
});

test("the slowest requests are not lost in the others", () => {
  const { latency } = summarize(steady(10, 10, (seconds) => (seconds >= 9.8 ? { latency: 900 } : {})));
  expect(latency).toEqual({ p50: 10, p90: 10, p99: 900, max: 900 });
});

test("an empty history has no figures, and no failure either", () => {
  const { count, latency, outage } = summarize([]);
  expect({ count, outage }).toEqual({ count: 0, outage: 0 });
  expect(latency.p99).toBeNaN();
});
