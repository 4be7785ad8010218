import { expect, test } from "vitest";
import type { Run } from "../chaos/report.ts";
import { minutesLeft, missedTogether } from "./progress.ts";

const run = (experiment: string, requests: number, seconds?: number): Run => ({
  ...{ experiment, run: 1, report: { figures: { requests }, verdicts: [] } },
  ...(seconds === undefined ? {} : { seconds }),
});

test("what is left takes as long as what was seen of its kind, and what others took for a release", () => {
  const runs = [run("deployments-1", 1, 600), run("deployments-2", 1, 1200), run("bad-1", 1)];
  expect(minutesLeft(["deployments-3", "deployments-4"], runs)).toBe(30);
  expect(minutesLeft(["bad-2"], runs)).toBe(6);
  expect(minutesLeft([], runs)).toBe(0);
});

test("a deployment after a repair is another kind than a repair", () => {
  expect(minutesLeft(["repair-then-deploy-1"], [run("repair-1", 1, 6000)])).toBe(4);
});

test("deployments that had too few requests are missed, once all that there are have been done", () => {
  const names = ["deployments-1", "deployments-2", "bad-1"];
  expect(missedTogether(names, [run("deployments-1", 40_000)])).toEqual([]);
  expect(missedTogether(names, [run("deployments-1", 40_000), run("deployments-2", 59_999), run("bad-1", 9)])).toEqual([
    "deployments: 99999 requests in deployments and rollbacks; wanted: at least 100000",
  ]);
  expect(missedTogether(names, [run("deployments-1", 40_000), run("deployments-2", 60_000)])).toEqual([]);
  expect(missedTogether(names, [run("bad-1", 9)])).toEqual([]);
});
