import { expect, test } from "vitest";
import { Lack, until } from "../polling.ts";
import { realClock } from "./clock.ts";
import { FakeClock } from "./testing/fakeClock.ts";

const options = (timeoutSeconds: number, clock: FakeClock) => ({ timeoutSeconds, intervalSeconds: 1, clock });

test("asking ends with the answer, as soon as there is one", async () => {
  const clock = new FakeClock(0);
  expect(await until("it", () => (clock.nowMs() < 5000 ? new Lack("some time") : 42), options(60, clock))).toBe(42);
  expect(clock.nowMs()).toBe(5000);
});

test("asking in vain ends in time, with what was lacking", async () => {
  const clock = new FakeClock(0);
  await expect(until("the lab is whole", () => new Lack("1 of 2 front"), options(10, clock))).rejects.toThrow(
    "the lab is whole: not within 10 s (1 of 2 front)",
  );
  expect(clock.nowMs()).toBe(10_000);
});

test("a sleeper wakes when everything shall end", async () => {
  const stop = new AbortController();
  const asleep = realClock(stop.signal).sleep(60);
  stop.abort(new Error("Ctrl-C"));
  await expect(asleep).rejects.toThrow();
});
