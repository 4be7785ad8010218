import { expect, test } from "vitest";
import { Lack, realClock, until } from "./clock.ts";
import { FakeClock } from "./testing/fakeClock.ts";

test("asking ends with the answer, as soon as there is one", async () => {
  const clock = new FakeClock(0);
  expect(await until(clock, "it", 60, () => Promise.resolve(clock.now() < 5000 ? new Lack("patience") : 42))).toBe(42);
  expect(clock.now()).toBe(5000);
});

test("asking in vain ends in time, with what was lacking", async () => {
  const clock = new FakeClock(0);
  await expect(until(clock, "the lab is whole", 10, () => Promise.resolve(new Lack("1 of 2 front")))).rejects.toThrow(
    "the lab is whole: not within 10 s (1 of 2 front)",
  );
  expect(clock.now()).toBe(10_000);
});

test("a sleeper wakes when everything shall end", async () => {
  const stop = new AbortController();
  const asleep = realClock(stop.signal).sleep(60);
  stop.abort(new Error("Ctrl-C"));
  await expect(asleep).rejects.toThrow();
});
