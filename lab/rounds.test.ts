import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Rounds } from "./rounds.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** `outcomes`: what each round does; the last one stops. */
async function run(
  outcomes: (boolean | Error)[],
): Promise<{ done: number; logged: string[]; finish: () => Promise<void> }> {
  const seen = { done: 0, logged: [] as string[] };
  const rounds: Rounds = new Rounds(
    () => {
      const outcome = outcomes[seen.done];
      seen.done += 1;
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome ?? true);
    },
    (message) => seen.logged.push(message),
  );
  const ended = rounds.run();
  await vi.advanceTimersByTimeAsync(0);
  return Object.assign(seen, {
    wake: rounds.wake,
    finish: () => {
      rounds.stop();
      return ended;
    },
  });
}

test("a round that throws is logged, and another one follows", async () => {
  const seen = await run([new Error("no such namespace"), true]);
  expect(seen.done).toBe(1);
  expect(seen.logged).toEqual([expect.stringContaining("a round failed: Error: no such namespace")]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(seen.done).toBe(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen.done).toBe(2);
  await seen.finish();
});

test("a round that did not succeed is tried again, without a word", async () => {
  const seen = await run([false, false, true]);
  await vi.advanceTimersByTimeAsync(4000);
  expect(seen).toMatchObject({ done: 3, logged: [] });
  await seen.finish();
});

test("a wake during a round asks for one more, however often", async () => {
  let done = 0;
  let release: () => void = () => undefined;
  const rounds = new Rounds(
    () => {
      done += 1;
      return done > 1 ? Promise.resolve(true) : new Promise((resolve) => (release = () => resolve(true)));
    },
    () => undefined,
  );
  const ended = rounds.run();
  await vi.advanceTimersByTimeAsync(0);
  rounds.wake();
  rounds.wake();
  release();
  await vi.advanceTimersByTimeAsync(0);
  expect(done).toBe(2);
  rounds.stop();
  await ended;
});
