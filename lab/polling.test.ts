import { expect, test } from "vitest";
import { holds, Lack, until } from "./polling.ts";

/** Lets time pass only when somebody sleeps. */
function clock() {
  let now = 0;
  return {
    nowMs: () => now,
    sleep: (seconds: number) => {
      now += seconds * 1000;
      return Promise.resolve();
    },
  };
}

test("polling ends with the first value, as soon as there is one", async () => {
  const time = clock();
  const options = { timeoutSeconds: 60, intervalSeconds: 1, clock: time };
  expect(await until("it", () => (time.nowMs() < 5000 ? new Lack("some time") : 42), options)).toBe(42);
  expect(time.nowMs()).toBe(5000);
});

test("polling in vain ends in time, and the error tells what was waited for and what the last attempt lacked", async () => {
  const time = clock();
  const attempt = () => Promise.resolve(new Lack(`${time.nowMs() / 1000} of 60`));
  await expect(
    until("the lab is whole", attempt, { timeoutSeconds: 10, intervalSeconds: 3, clock: time }),
  ).rejects.toThrow("the lab is whole: not within 10 s (12 of 60)");
});

test("a condition is asked at least once, and told whether it has come true", async () => {
  expect(await holds(() => true, { timeoutSeconds: 0, intervalSeconds: 1 })).toBe(true);
  expect(await holds(() => Promise.resolve(false), { timeoutSeconds: 0, intervalSeconds: 1 })).toBe(false);
});

test("an attempt that fails ends the polling with its error", async () => {
  const attempt = () => Promise.reject(new Error("broken"));
  await expect(until("it", attempt, { timeoutSeconds: 9, intervalSeconds: 1 })).rejects.toThrow("broken");
});
