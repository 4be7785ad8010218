import { describe, expect, test } from "vitest";
import { ejection, firstAnswerOf, slowness } from "./ejection.ts";
import { record, start, steady } from "./testing/histories.ts";

const at = start + 5000;
const slow = 250;

describe("the time until a lost machine is ejected", () => {
  test("is nothing where nobody noticed", () => {
    expect(ejection(steady(20, 2), { at, slow })).toBe(0);
  });
  test("ends with the last request that failed", () => {
    const records = steady(20, 2, (seconds) =>
      seconds >= 5 && seconds <= 5.6 && (seconds * 1000) % 20 === 0 ? { status: 502 } : {},
    );
    expect(ejection(records, { at, slow })).toBeCloseTo(0.6);
  });
  test("ends with the last requests that were held up, for they were sent again", () => {
    const records = steady(20, 2, (seconds) =>
      seconds >= 5 && seconds < 5.4 && (seconds * 1000) % 4 === 0 ? { latency: 310 } : {},
    );
    expect(ejection(records, { at, slow })).toBeCloseTo(0.4, 1);
  });
  test("ends with the last answer of the machine that should be gone", () => {
    const records = steady(20, 2, (seconds) =>
      Math.abs(seconds - 7) < 1e-9 || (seconds >= 5 && seconds < 6.5) ? { passed: ["proxy1", "front2"] } : {},
    );
    expect(ejection(records, { at, slow, hostName: "front2" })).toBeCloseTo(2);
  });
  test("does not count what was before the fault, nor trouble that begins after a calm second", () => {
    const records = steady(60, 2, (seconds) =>
      (seconds > 4 && seconds < 4.9) || (seconds > 30 && seconds < 40) ? { status: 502 } : {},
    );
    expect(ejection(records, { at, slow })).toBe(0);
  });
  test("does not end in a pause that is shorter than the calm time", () => {
    const records = steady(20, 2, (seconds) =>
      (seconds >= 5 && seconds < 5.3) || (seconds >= 6.1 && seconds < 6.2) ? { status: 502 } : {},
    );
    expect(ejection(records, { at, slow })).toBeCloseTo(1.198);
    expect(ejection(records, { at, slow, calm: 0.5 })).toBeCloseTo(0.298);
  });
  test("forgives a few slow requests, as there always are, and no failed one", () => {
    const sometimes = (more: object) => steady(20, 2, (seconds) => ((seconds * 1000) % 500 === 0 ? more : {}));
    expect(ejection(sometimes({ latency: 400 }), { at, slow })).toBe(0);
    expect(ejection(sometimes({ latency: 400 }), { at, slow, tolerance: 0 })).toBeCloseTo(14.5);
    expect(ejection(sometimes({ status: 502 }), { at, slow })).toBeCloseTo(14.5);
  });
  test("lasts as long as the history where there was no calm", () => {
    expect(
      ejection(
        steady(20, 2, () => ({ status: 502 })),
        { at, slow },
      ),
    ).toBeCloseTo(14.998);
    expect(ejection([], { at, slow })).toBe(0);
  });
});

test("a machine's first answer is the one after the instant that is asked for", () => {
  const records = [1, 2, 3, 4].map((seconds) => record(seconds, { passed: [seconds % 2 === 0 ? "front2" : "front1"] }));
  expect(firstAnswerOf(records, "front1", start + 1500)).toBe(start + 3000);
});

test("what is slow depends on what is usual, and is never less than the shortest attempt", () => {
  expect(slowness(steady(1, 10))).toBe(250);
  expect(slowness(steady(1, 10, () => ({ latency: 200 })))).toBe(400);
  expect(slowness([])).toBe(250);
});
