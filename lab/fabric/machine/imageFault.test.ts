import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { faultArguments, setImageFault } from "./imageFault.ts";

let stateDir: string;
beforeEach(() => {
  stateDir = join(mkdtempSync(join(tmpdir(), "lab-test-")), "state");
});
afterEach(() => rmSync(join(stateDir, ".."), { recursive: true }));

/** Runs what takes the place of init. */
function init() {
  const [, program = ""] =
    /^--bind-ro=(.+):\/usr\/lib\/systemd\/systemd$/.exec(faultArguments(stateDir)[0] ?? "") ?? [];
  return spawnSync(program, { encoding: "utf8", timeout: 1500 });
}

test("a whole image has nothing in init's place", () => {
  expect(faultArguments(stateDir)).toEqual([]);
});

test("exits: an init that says so and exits with an error", () => {
  setImageFault(stateDir, "exits");
  expect(init()).toMatchObject({ status: 1, stdout: expect.stringContaining("broken on purpose") as string });
});

test("hangs: an init that says so and goes on", () => {
  setImageFault(stateDir, "hangs");
  expect(init()).toMatchObject({ signal: "SIGTERM", stdout: expect.stringContaining("broken on purpose") as string });
});

test("whole: it is as before, also where it was whole already", () => {
  setImageFault(stateDir, "hangs");
  setImageFault(stateDir, "exits");
  setImageFault(stateDir, "whole");
  setImageFault(stateDir, "whole");
  expect(faultArguments(stateDir)).toEqual([]);
  expect(readdirSync(stateDir)).toEqual([]);
});
