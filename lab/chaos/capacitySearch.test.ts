import { describe, expect, test } from "vitest";
import { boundsOf, isConfirmed, nextTrial, search, type Trial } from "./capacitySearch.ts";

/** A server that does so much a second; a trial takes its time and a second. */
function searched(passes: (trial: Pick<Trial, "rate" | "seconds">, number: number) => boolean, seconds = 240) {
  const trials: Trial[] = [];
  let left = seconds;
  for (let next; (next = nextTrial(trials, left)); left -= next.seconds + 1) {
    if (trials.length > 100) throw new Error("it does not end");
    trials.push({ ...next, passed: passes(next, trials.length) });
  }
  return { trials, left, ...boundsOf(trials), confirmed: isConfirmed(trials) };
}
const upTo = (capacity: number) => searched(({ rate }) => rate <= capacity);

describe("the capacity of a server is found", () => {
  test.each([12, 60, 150, 151, 400, 1000, 3000, 6000])(
    "of %i requests a second within 8%%, and confirmed",
    (capacity) => {
      const { low, confirmed, left } = upTo(capacity);
      expect(low).toBeLessThanOrEqual(capacity);
      expect(low).toBeGreaterThanOrEqual(Math.floor(capacity / search.precision) - 1);
      expect(confirmed).toBe(true);
      expect(left).toBeGreaterThan(0);
    },
  );
  test("by a staircase, then between the last rate that passed and the first that failed", () => {
    expect(upTo(300).trials).toEqual([
      { rate: 150, seconds: 8, passed: true },
      { rate: 195, seconds: 8, passed: true },
      { rate: 254, seconds: 8, passed: true },
      { rate: 330, seconds: 8, passed: false },
      { rate: 290, seconds: 8, passed: true },
      { rate: 309, seconds: 8, passed: false },
      { rate: 290, seconds: 20, passed: true },
    ]);
  });
});

test("no rate above the highest is tried", () => {
  const { trials, low } = searched(() => true, 1000);
  expect(low).toBe(search.most);
  expect(Math.max(...trials.map(({ rate }) => rate))).toBe(search.most);
});

test("when the time is nearly over, what was found so far is confirmed; without time for that it is not", () => {
  const { trials, left, confirmed } = searched(() => true, 100);
  expect(trials.at(-1)).toMatchObject({ seconds: search.long });
  expect({ confirmed, inTime: left >= 0 }).toEqual({ confirmed: true, inTime: true });
  expect(searched(() => true, 25)).toMatchObject({ low: 150, confirmed: false });
});

test("a rate that fails for longer is given up for a lower one, which is confirmed as well", () => {
  const { low, confirmed, trials } = searched(({ rate, seconds }) => rate <= (seconds === search.long ? 260 : 300));
  expect(trials.filter(({ seconds, passed }) => seconds === search.long && !passed).length).toBeGreaterThan(0);
  expect(low).toBeGreaterThan(240);
  expect(low).toBeLessThanOrEqual(260);
  expect(confirmed).toBe(true);
});

test("a server that serves nothing ends the search", () => {
  expect(upTo(0)).toMatchObject({ low: 0, high: search.least });
});

test("a search ends whatever the outcomes are", () => {
  for (let seed = 1; seed < 200; seed++) {
    const { low, high } = searched((_, number) => ((seed * 7919 + number * 104729) % 97) % 3 > 0, 1e6);
    expect(low).toBeLessThan(high);
  }
});
