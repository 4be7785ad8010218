import { describe, expect, test } from "vitest";
import {
  becameWhole,
  ejectedWithin,
  loadWasKept,
  noMoreThanUnavoidable,
  noneReplaced,
  noReadFailed,
  replacedWithin,
  servesAgainWithin,
  writesWereKept,
} from "./goals.ts";
import type { Outcome } from "./outcome.ts";
import { summarize } from "./summary.ts";
import { steady } from "./testing/histories.ts";

const good: Outcome = {
  rate: 500,
  achieved: 498,
  before: summarize(steady(5, 2)),
  after: summarize(steady(5, 2)),
  ejected: 0.3,
  replaced: 45,
  servesAgain: 78,
  newcomers: 0,
  whole: 80,
  writes: { acknowledged: 10, missing: [], twice: [], unacknowledgedButKept: 1 },
  members: 2,
  probing: { interval: 5, threshold: 2 },
};
const failing = (many: number, method = "GET") => ({
  ...good.after,
  failed: method === "GET" ? { idempotent: many, other: 0 } : { idempotent: 0, other: many },
});

test("a good outcome meets every goal", () => {
  const goals = [
    loadWasKept,
    noReadFailed,
    writesWereKept,
    becameWhole,
    ejectedWithin(1),
    replacedWithin(60),
    servesAgainWithin(90),
    noneReplaced,
    noMoreThanUnavoidable,
  ];
  expect(goals.map((goal) => goal(good)).filter(({ met }) => !met)).toEqual([]);
});

describe("a goal is missed", () => {
  test("when the load was less than what was asked, or the generator could not send", () => {
    expect(loadWasKept({ ...good, achieved: 400 })).toMatchObject({ met: false, got: "400 a second, 0 not sent" });
    expect(loadWasKept({ ...good, after: { ...good.after, unsent: 1 } }).met).toBe(false);
  });
  test("when a single read failed, and not when a write did", () => {
    expect(noReadFailed({ ...good, after: failing(1) })).toMatchObject({ met: false, got: "1 of 2500 failed" });
    expect(noReadFailed({ ...good, after: failing(3, "POST") }).met).toBe(true);
  });
  test("when an acknowledged write is missing, or one is there twice", () => {
    expect(writesWereKept({ ...good, writes: { ...good.writes, missing: ["a"] } }).met).toBe(false);
    expect(writesWereKept({ ...good, writes: { ...good.writes, twice: ["a"] } }).met).toBe(false);
  });
  test("when the environment did not become whole, the machine not ejected or not replaced in time", () => {
    expect(becameWhole({ ...good, whole: undefined }).met).toBe(false);
    expect(ejectedWithin(1)({ ...good, ejected: 1.01 })).toMatchObject({ met: false, got: "after 1.01 s" });
    expect(replacedWithin(60)({ ...good, replaced: 61 }).met).toBe(false);
    expect(replacedWithin(60)({ ...good, replaced: undefined })).toMatchObject({ met: false, got: "not in time" });
  });
  test("when nobody serves in the machine's place in time, or it was replaced where it should come back", () => {
    expect(servesAgainWithin(77)(good)).toMatchObject({ met: false, got: "after 78.0 s" });
    expect(servesAgainWithin(77)({ ...good, servesAgain: undefined }).met).toBe(false);
    expect(noneReplaced({ ...good, newcomers: 1 })).toMatchObject({ met: false, got: "1 new machines" });
  });
  test("when more failed than is unavoidable, or for longer", () => {
    expect(noMoreThanUnavoidable({ ...good, after: failing(3900) }).met).toBe(true);
    expect(noMoreThanUnavoidable({ ...good, after: failing(4000) }).met).toBe(false);
    expect(noMoreThanUnavoidable({ ...good, after: failing(10), lastFailure: 15.5 }).met).toBe(false);
    expect(noMoreThanUnavoidable({ ...good, probing: undefined }).met).toBe(false);
  });
});

test("a verdict says with what requests failed", () => {
  const after = { ...failing(3), statuses: { 200: 2497, 502: 2, 0: 1 }, errors: { "connection refused": 1 } };
  expect(noReadFailed({ ...good, after }).got).toBe('3 of 2500 failed (2 with 502, 1 with "connection refused")');
});
