import { expect, test } from "vitest";
import { testClock } from "./testing/clock.ts";
import { waitFor } from "./waiting.ts";

test("waiting ends with the value, and tells each thing that is missing once", async () => {
  const missing = ["a and b", "a and b", "b"];
  const told: string[] = [];
  const outcome = await waitFor(
    () => {
      const next = missing.shift();
      return Promise.resolve(next === undefined ? { value: 7 } : { missing: next });
    },
    { timeoutSeconds: 60, intervalSeconds: 2, progress: (text) => told.push(text), clock: testClock() },
  );
  expect(outcome).toEqual({ value: 7 });
  expect(told).toEqual(["a and b", "b"]);
});

test("at the timeout waiting ends with what is missing", async () => {
  const clock = testClock();
  let attempts = 0;
  const outcome = await waitFor(
    () => {
      attempts += 1;
      return Promise.resolve({ missing: "everything" });
    },
    { timeoutSeconds: 10, intervalSeconds: 2, progress: () => {}, clock },
  );
  expect(outcome).toEqual({ missing: "everything" });
  expect([clock.nowSeconds(), attempts]).toEqual([10, 6]);
});
