import fc from "fast-check";
import { expect, test } from "vitest";
import { percentile, spread, spreadText } from "./figures.ts";

test("a percentile is the value that so many are not above", () => {
  const values = [5, 1, 4, 2, 3, 10, 9, 8, 7, 6];
  expect([0, 0.1, 0.5, 0.9, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 1, 5, 9, 10, 10]);
  expect(percentile([], 0.5)).toBeNaN();
});

test("a percentile is one of the values, with at least its share of them not above it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const found = percentile(values, share);
        expect(values).toContain(found);
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * values.length - 1e-9);
      },
    ),
  );
});

test("the spread of a few runs is what came out at least, in the middle and at most", () => {
  expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
  expect([[1.04], [2, 1, 3.25], [4, 4], [], [NaN]].map((values) => spreadText(values))).toEqual([
    "1.04",
    "2 (1-3.25)",
    "4",
    "-",
    "-",
  ]);
});
