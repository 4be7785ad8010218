import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SuiteRecord, type Options } from "./record.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chaos-record-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const options: Options = {
  only: ["front-*"],
  runs: 2,
  share: 0.6,
  seed: 1,
  stack: "dev",
  patience: 300,
  missingHealth: "both",
};
const report = { figures: { failed: 0, "p99 ms": NaN }, verdicts: [] };

test("the suite that was begun last goes on with its options, without what it has finished", () => {
  SuiteRecord.begin(folder, { ...options, seed: 7 }, new Date("2026-01-01T10:00:00Z"));
  const begun = SuiteRecord.begin(folder, options, new Date("2026-01-02T10:00:00Z"));
  begun.add({ experiment: "front-power", run: 1, report });
  begun.add({ experiment: "front-link", run: 1, trouble: "the lab went down" });
  const last = SuiteRecord.last(folder);
  expect(last.directory).toBe(begun.directory);
  expect(last.options).toEqual(options);
  expect(last.has("front-power", 1)).toBe(true);
  expect(last.has("front-power", 2)).toBe(false);
  expect(last.has("front-link", 1)).toBe(false);
  last.add({ experiment: "front-link", run: 1, report });
  expect(SuiteRecord.last(folder).runs.map(({ experiment }) => experiment)).toEqual(["front-power", "front-link"]);
});

test("a suite that goes on has the capacity that was measured", () => {
  const begun = SuiteRecord.begin(folder, options);
  expect(SuiteRecord.last(folder).capacity).toBeUndefined();
  const capacity = { rate: 300, goodput: 310, confirmed: true, steps: [] };
  begun.measured(capacity);
  begun.add({ experiment: "front-power", run: 1, report });
  expect(SuiteRecord.last(folder).capacity).toEqual(capacity);
});

test("a suite that was begun, and of which nothing is finished, is begun again", () => {
  SuiteRecord.begin(folder, options);
  expect(SuiteRecord.last(folder).runs).toEqual([]);
});

test("where no suite was begun, none can go on", () => {
  expect(() => SuiteRecord.last(folder)).toThrow("there is no suite to go on with");
  expect(() => SuiteRecord.last(join(folder, "none"))).toThrow("there is no suite to go on with");
});

test("a suite that is finished is left alone, unless a run of it could not be finished", () => {
  const open = SuiteRecord.begin(folder, options, new Date("2026-01-01T10:00:00Z"));
  const finished = SuiteRecord.begin(folder, options, new Date("2026-01-02T10:00:00Z"));
  finished.add({ experiment: "front-power", run: 1, report });
  finished.finish();
  expect(SuiteRecord.last(folder).directory).toBe(open.directory);
  finished.add({ experiment: "front-power", run: 2, trouble: "the lab went down" });
  finished.finish();
  expect(SuiteRecord.last(folder).directory).toBe(finished.directory);
});
