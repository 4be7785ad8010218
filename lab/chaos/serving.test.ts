import { expect, test } from "vitest";
import { medianOf, servingOf } from "./serving.ts";
import { record, start, steady } from "./testing/histories.ts";

const window = (records: Parameters<typeof servingOf>[0]) => servingOf(records, 100, start + 2000, start + 10_000);

test("what was answered well within a second is goodput, and nothing else is", () => {
  const kinds = [{}, { latency: 1000 }, { latency: 1001 }, { status: 503, latency: 5 }, { status: 502 }] as const;
  const { good, ...rates } = window(steady(12, 10, (seconds) => kinds[Math.round(seconds * 100) % 5] ?? {}));
  expect(rates).toEqual({
    offered: 100,
    sent: 100,
    goodput: 40,
    refused: 20,
    failed: 20,
    p50: 1000,
    p99: 1001,
    refusedP99: 5,
  });
  expect(good).toBeCloseTo(0.4);
});

test("what was sent is counted when it was sent, what was never sent has failed", () => {
  const late = steady(10, 10, (seconds) => (seconds < 8 ? {} : { sent: start + 20_000, latency: 12_000 }));
  expect(window(late)).toMatchObject({ sent: 75, goodput: 75, failed: 0 });
  const unsent = steady(10, 10, (seconds) => (seconds < 8 ? {} : { sent: undefined, status: 0, method: "" }));
  expect(window(unsent)).toMatchObject({ sent: 75, goodput: 75, failed: 25 });
});

test("nothing of nothing is no goodput and has no latency", () => {
  expect(window([record(0)])).toMatchObject({ good: 0, goodput: 0, p99: NaN, refusedP99: NaN });
});

test("of several times each figure's median counts, of those that have one", () => {
  const one = window(steady(12, 10));
  const median = medianOf([
    { ...one, goodput: 90, refusedP99: 7 },
    { ...one, goodput: 10 },
    { ...one, goodput: 80 },
  ]);
  expect(median).toEqual({ ...one, goodput: 80, refusedP99: 7 });
});
