import { expect, test } from "vitest";
import { figuresText, missed, verdictText } from "./report.ts";

const verdict = (met: boolean) => ({
  goal: "no read failed",
  wanted: "0 failed",
  got: met ? "0 failed" : "7 failed",
  met,
});
const run = (experiment: string, figures: Record<string, number>, met = true) => ({
  experiment,
  run: 1,
  report: { figures, verdicts: [verdict(met)] },
});

test("the runs of an experiment are one row, each figure with its spread", () => {
  expect(
    figuresText([
      run("a", { failed: 1, "p99 ms": 20 }),
      run("a", { failed: 3, "p99 ms": 20 }),
      run("b", { failed: 0, "p99 ms": NaN }),
    ]),
  ).toBe(
    ["  experiment  runs  failed   p99 ms", "  a           2     1 (1-3)  20", "  b           1     0        -"].join(
      "\n",
    ),
  );
});

test("experiments with other figures have a table of their own", () => {
  expect(figuresText([run("a", { failed: 1 }), run("c", { "hash p99 ms": 400 })]).split("\n\n")).toHaveLength(2);
});

test("a missed goal and a run that was not finished are told", () => {
  expect(missed([run("a", {}), run("a", {}, false), { experiment: "b", run: 1, trouble: "no URL" }])).toEqual([
    "a: MISSED  no read failed: 7 failed; wanted: 0 failed",
    "b: not finished: no URL",
  ]);
  expect(verdictText(verdict(true))).toBe("met     no read failed: 0 failed; wanted: 0 failed");
});
