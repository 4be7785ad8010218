import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepResults, newResults, resultsAt, type Results } from "./results.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "results-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Kept extends Results {
  done: number;
}

const begun = (finished = false) => {
  const directory = newResults(folder, new Date("2026-01-01T10:00:00Z"));
  const kept: Kept = { finished, done: 7 };
  keepResults(directory, kept);
  return directory;
};

test("a folder, or the file in it, goes on where it is", () => {
  const directory = begun();
  for (const path of [directory, join(directory, "results.json")])
    expect(resultsAt<Kept>(path, folder)).toEqual({ directory, finished: false, done: 7 });
});

test("a copy under another name goes on in a folder of its own, and stays as it is", () => {
  const copy = join(folder, "copy.json");
  cpSync(join(begun(), "results.json"), copy);
  const text = readFileSync(copy, "utf8");
  const { directory, done } = resultsAt<Kept>(copy, folder, new Date("2026-01-02T10:00:00Z"));
  expect([done, dirname(directory)]).toEqual([7, folder]);
  expect(directory).toContain("2026-01-02");
  keepResults(directory, { finished: true });
  expect(readFileSync(copy, "utf8")).toBe(text);
});

test("what is no record, or one that is finished, is told", () => {
  expect(() => resultsAt(join(folder, "none"), folder)).toThrow("--record: given");
  writeFileSync(join(folder, "half.json"), "{");
  expect(() => resultsAt(join(folder, "half.json"), folder)).toThrow("is no record of a suite");
  expect(() => resultsAt(begun(true), folder)).toThrow("a suite with nothing left to do");
});
