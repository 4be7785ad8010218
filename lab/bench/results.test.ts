import { expect, test } from "vitest";
import { markdown, stepText, summary, tableText, type Results } from "./results.ts";

const served = { sent: 100, refused: 0, failed: 0, good: 1, p50: 10.4, p99: 30, refusedP99: NaN };
const series = {
  name: "this tree",
  capacity: { rate: 100, goodput: 104, confirmed: true, steps: [] },
  steps: [
    { ...served, offered: 100, goodput: 100 },
    { ...served, offered: 120, goodput: 110 },
    { ...served, offered: 200, goodput: 99, refused: 101, refusedP99: 4.6 },
    { ...served, offered: 400, goodput: 55, failed: 345 },
  ],
};
const results: Results = {
  stack: "dev",
  began: "2026-12-01T10:00:00.000Z",
  processors: "2 processors",
  seed: 7,
  seconds: 20,
  repeat: 3,
  base: 100,
  series: [series],
};

test("the best goodput is told, and what is left of it at two and four times the capacity", () => {
  expect(summary(series, 100)).toEqual([
    "this tree: capacity: 100 requests a second, best goodput 104",
    "this tree: best goodput of the curve 110, at 200 requests a second 90% of it, at 400 requests a second 50% of it",
  ]);
  expect(summary({ ...series, trouble: "before 5" }, 33)).toEqual([
    expect.any(String),
    "this tree: best goodput of the curve 110",
    "this tree: the curve ends before 5",
  ]);
  expect(summary({ ...series, steps: [] }, 100)[1]).toBe("this tree: best goodput of the curve 0");
});

test("a step is a row, and a line while it goes on; what nothing has is a dash", () => {
  expect(tableText(series).split("\n")[3]).toMatch(/^ *200 +100 +99 +101 +0 +10 +30 +5$/);
  expect(stepText({ ...served, offered: 100, goodput: 100 })).toBe(
    "offered/s 100, sent/s 100, goodput/s 100, refused/s 0, failed/s 0, p50 ms 10, p99 ms 30, p99 ms of refusals -",
  );
});

test("the Markdown has a table for each series, and how it was measured", () => {
  const lines = markdown(results).split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "# Goodput of dev",
    "",
    "2026-12-01T10:00:00.000Z, 2 processors; 20 s for each step, median of 3, seed 7.",
  ]);
  expect(lines).toContain("| 400 | 100 | 55 | 0 | 345 | 10 | 30 | - |");
  expect(lines).toContain("## this tree");
});
