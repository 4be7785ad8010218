import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { commitOf, UsageError } from "./project.ts";

let program: string;
beforeEach(() => {
  program = mkdtempSync(join(tmpdir(), "project-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(program, { recursive: true });
});

const ofJob = "0123456789abcdef0123456789abcdef01234567";
const git = (...words: string[]) => execFileSync("git", ["-C", program, ...words], { encoding: "utf8" }).trim();

test("the commit is the program's own, whatever the job's is", () => {
  vi.stubEnv("CI_COMMIT_SHA", ofJob);
  git("init", "--quiet");
  git("-c", "user.name=a", "-c", "user.email=a@a.example", "commit", "--quiet", "--allow-empty", "--message", "a");
  expect(commitOf({ program })).toBe(git("rev-parse", "HEAD"));
});

test("without Git's word GitLab's counts, and without both nothing is known", () => {
  vi.stubEnv("CI_COMMIT_SHA", ofJob);
  expect(commitOf({ program })).toBe(ofJob);
  vi.stubEnv("CI_COMMIT_SHA", undefined);
  expect(() => commitOf({ program })).toThrow(
    new UsageError(
      `the commit of ${program}: Git, or else CI_COMMIT_SHA, says nothing, allowed are 40 hexadecimal digits`,
    ),
  );
  vi.stubEnv("CI_COMMIT_SHA", "main");
  expect(() => commitOf({ program })).toThrow("says main, allowed");
});
