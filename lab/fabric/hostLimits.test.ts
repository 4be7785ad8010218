import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { neededLimits, raiseLimits, restoreLimits } from "./hostLimits.ts";

const instances = "fs.inotify.max_user_instances";
const needed = neededLimits[instances]!;
let directory: string;
let logged: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  logged = [];
  for (const [name, value] of Object.entries(neededLimits)) write(name, value);
});
afterEach(() => rmSync(directory, { recursive: true }));

const options = () => ({
  stateDir: join(directory, "state"),
  kernelDir: join(directory, "sys"),
  log: (message: string) => void logged.push(message),
});
const file = () => join(directory, "state", "host-limits.json");
const path = (name: string) => join(directory, "sys", ...name.split("."));
const read = (name: string) => Number(readFileSync(path(name), "utf8"));
function write(name: string, value: number): void {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), `${value}\n`);
}

test("a limit that is too low is raised, told, and restored", () => {
  write(instances, 128);
  raiseLimits(options());
  expect(read(instances)).toBe(needed);
  expect(needed).toBeGreaterThanOrEqual(1024);
  expect(logged).toEqual([`${instances} raised from 128 to ${needed}`]);
  restoreLimits(options());
  expect(read(instances)).toBe(128);
  expect(existsSync(file())).toBe(false);
});

test("a limit that is high enough is never touched, and nothing is written down", () => {
  write(instances, 1_000_000);
  raiseLimits(options());
  restoreLimits(options());
  expect(read(instances)).toBe(1_000_000);
  expect(logged).toEqual([]);
  expect(existsSync(join(directory, "state"))).toBe(false);
});

test("the values before are on the disk when the first limit is raised", () => {
  write(instances, 128);
  let known: unknown;
  raiseLimits({ ...options(), log: () => (known ??= JSON.parse(readFileSync(file(), "utf8")) as unknown) });
  expect(known).toEqual({ [instances]: { was: 128, raised: needed } });
});

test("what a killed daemon has raised is restored to what was before that daemon", () => {
  write(instances, 128);
  raiseLimits(options());
  raiseLimits(options());
  restoreLimits(options());
  expect(read(instances)).toBe(128);
});

test("a daemon that needs more than the killed one before it restores what was before both", () => {
  mkdirSync(join(directory, "state"));
  writeFileSync(file(), JSON.stringify({ [instances]: { was: 128, raised: 512 } }));
  write(instances, 512);
  raiseLimits(options());
  expect(read(instances)).toBe(needed);
  restoreLimits(options());
  expect(read(instances)).toBe(128);
});

test("after the host was booted anew, its value of then is restored", () => {
  write(instances, 128);
  raiseLimits(options());
  write(instances, 200);
  raiseLimits(options());
  restoreLimits(options());
  expect(read(instances)).toBe(200);
});

test("what somebody has changed in between is left alone", () => {
  write(instances, 128);
  raiseLimits(options());
  write(instances, needed + 1);
  restoreLimits(options());
  expect(read(instances)).toBe(needed + 1);
});

test("a limit that the kernel does not have is a line of the log, and the others are raised", () => {
  write(instances, 128);
  rmSync(path("net.netfilter.nf_conntrack_max"));
  raiseLimits(options());
  expect(read(instances)).toBe(needed);
  expect(logged.join("\n")).toMatch(/nf_conntrack_max may be too low for many machines: the kernel has no \S+/);
});

test("a limit that cannot be written is a line of the log, and is no reason to fail at the end either", () => {
  write(instances, 128);
  write("fs.file-max", 1000);
  raiseLimits({
    ...options(),
    log: (message) => {
      logged.push(message);
      // The next one goes before it is written.
      if (message.startsWith(`${instances} raised`)) rmSync(join(directory, "sys", "fs"), { recursive: true });
    },
  });
  expect(logged.at(-1)).toMatch(/^fs\.file-max stays at 1000, of \d+ that 50 machines need: ENOENT/);
  logged = [];
  restoreLimits(options());
  expect(logged.join("\n")).toMatch(/fs\.file-max stays at \d+, and was 1000 before the lab/);
  expect(existsSync(file())).toBe(false);
});

test("a limit that is no number is not guessed", () => {
  writeFileSync(path(instances), "max\n");
  raiseLimits(options());
  expect(readFileSync(path(instances), "utf8")).toBe("max\n");
  expect(logged.join("\n")).toContain('has no number: "max"');
});
