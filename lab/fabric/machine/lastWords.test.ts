import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lastWords, tellingLine } from "./lastWords.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("the console's last line that tells of a failure comes before what follows it", () => {
  const console =
    "systemd 257 running in system mode\r\n\u001b[0;1;31mFailed to allocate manager object: Too many open files\u001b[0m\r\nExiting PID 1...\r\n";
  expect(tellingLine(console, "Container lab-m-1 failed with error code 1.\n")).toBe(
    "Failed to allocate manager object: Too many open files",
  );
});

test("systemd-nspawn's own log tells it where the console does not", () => {
  expect(tellingLine("Welcome to Debian\n", "Failed to mount x: No such file\n")).toBe(
    "Failed to mount x: No such file",
  );
});

test("without a failure it is the last line at all, and nothing where there is none", () => {
  expect(tellingLine("one\ntwo\n\n", "")).toBe("two");
  expect(tellingLine("", "only this\n")).toBe("only this");
  expect(tellingLine("", "")).toBe("");
});

test("only this boot's part of the console counts, unless the disk is new", async () => {
  const paths = { console: join(directory, "console.log"), nspawnLog: join(directory, "nspawn.log") };
  expect(await lastWords(paths, 0)).toBe("");
  writeFileSync(paths.console, "old failure\nnew line\n");
  expect(await lastWords(paths, "old failure\n".length)).toBe("new line");
  expect(await lastWords(paths, 1000)).toBe("old failure");
});
