import { expect, test } from "vitest";
import { outcomeOf, type Evidence } from "./outcome.ts";
import { machine, status } from "./testing/fakeLab.ts";
import { start, steady } from "./testing/histories.ts";

const [front1, front2, front3] = [machine("front", 1), machine("front", 2), machine("front", 3)] as const;
const evidence: Evidence = {
  steadyAt: start,
  at: start + 10_000,
  until: start + 10_000,
  rate: 500,
  wanted: { front: 2 },
  machine: front2,
  final: true,
  kept: [],
  // front2 answers a little longer than it should, and front3 begins at 60 s.
  records: steady(70, 2, (seconds) => ({
    passed: [seconds < 10.2 ? front2.hostName : seconds < 60 ? front1.hostName : front3.hostName],
    status: seconds > 10.3 && seconds < 10.4 ? 502 : 200,
  })),
  sightings: [
    { at: start, status: status([front1, front2]) },
    { at: start + 12_000, status: status([front1, { ...front2, state: "stopped" }]) },
    { at: start + 30_000, status: status([front1]) },
    { at: start + 35_000, status: status([front1, { ...front3, health: "Initializing" }], ["front_3"]) },
    { at: start + 55_000, status: status([front1, front3], ["front_3"]) },
    { at: start + 62_000, status: status([front1, front3]) },
  ],
};

test("an outcome has the figures before and after, and the times of what happened", () => {
  const outcome = outcomeOf(evidence);
  expect(outcome).toMatchObject({ members: 2, probing: { interval: 5, threshold: 2 }, replaced: 30, whole: 52 });
  expect(outcome.achieved).toBeCloseTo(500, 0);
  expect(outcome.before).toMatchObject({ count: 5000, failed: { idempotent: 0 } });
  expect(outcome.after).toMatchObject({ count: 30_000, failed: { idempotent: 49 } });
  expect(outcome.ejected).toBeCloseTo(0.398);
  expect(outcome.lastFailure).toBeCloseTo(0.398);
});

test("a machine that comes back may answer again, and is not replaced", () => {
  const { replaced, ejected } = outcomeOf({
    ...evidence,
    final: false,
    records: steady(70, 2, () => ({ passed: [front2.hostName] })),
  });
  expect({ replaced, ejected }).toEqual({ replaced: undefined, ejected: 0 });
});

test("the time until somebody serves in the machine's place counts from the fault: another one, or itself again", () => {
  const another = outcomeOf(evidence);
  expect(another).toMatchObject({ servesAgain: 50, newcomers: 1 });
  const back = { at: start + 50_000, status: status([front1, front2]) };
  const itself = outcomeOf({
    ...evidence,
    final: false,
    sightings: [...evidence.sightings.slice(0, 2), back],
    // It answered what was under way, and answers again from 52 s on.
    records: steady(70, 2, (seconds) => ({
      passed: [seconds < 10.2 || seconds >= 52 ? front2.hostName : front1.hostName],
    })),
  });
  expect(itself).toMatchObject({ servesAgain: 42, newcomers: 0, replaced: undefined, whole: 40 });
});

test("a machine that never fell has no time until it serves again", () => {
  const sightings = [{ at: start, status: status([front1, front2]) }];
  expect(outcomeOf({ ...evidence, final: false, sightings }).servesAgain).toBeUndefined();
});

test("a machine of which no answer speaks serves when it is healthy", () => {
  expect(outcomeOf({ ...evidence, records: steady(70, 2, () => ({ passed: [] })) }).replaced).toBe(25);
});

test("what did not happen has no time", () => {
  const { replaced, whole } = outcomeOf({ ...evidence, sightings: evidence.sightings.slice(0, 4) });
  expect({ replaced, whole }).toEqual({ replaced: undefined, whole: undefined });
});
