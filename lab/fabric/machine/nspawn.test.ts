/** The launch of a machine, with a program in place of `unshare`: what it enters, and what it leaves behind. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rebootStatus } from "./boot.ts";
import { launchCommand } from "./nspawn.ts";

let directory: string;
let exit: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  exit = join(directory, "exit");
  for (const name of ["keeper", "main"]) mkdirSync(join(directory, name));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Launches with `script` in place of unshare, and returns how the launch ended. */
async function launch(script: string, parent?: string): Promise<number | null> {
  const program = join(directory, "unshare");
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const groups = { keeper: join(directory, "keeper"), entered: [join(directory, "main")] };
  const [shell, args] = launchCommand(groups, exit, ["lower", "upper", "work", "root"], ["systemd-nspawn", "--boot"]);
  const given = args.map((word) => (word === String(process.pid) ? (parent ?? word) : word));
  const child = spawn(shell, given, { env: { PATH: `${directory}:${process.env.PATH}` }, stdio: "ignore" });
  return new Promise((resolve) => child.on("exit", resolve));
}

const read = (...path: string[]) => readFileSync(join(directory, ...path), "utf8").trim();

test.each([0, 1, rebootStatus])("it ends as the machine does, and writes it down: %i", async (status) => {
  writeFileSync(exit, "of the boot before\n");
  expect(await launch(`exit ${status}`)).toBe(status);
  expect(read("exit")).toBe(String(status));
});

test("while the machine runs, the end of the boot before is forgotten; it and its keeper stand in their groups", async () => {
  writeFileSync(exit, "of the boot before\n");
  await launch(`[ -e ${exit} ] || echo $$ $PPID "$@" >${join(directory, "said")}`);
  const [init, keeper, ...words] = read("said").split(" ");
  expect(read("main", "cgroup.procs")).toBe(init);
  expect(read("keeper", "cgroup.procs")).toBe(keeper);
  expect(words.slice(-7)).toEqual(["lab-machine", "lower", "upper", "work", "root", "systemd-nspawn", "--boot"]);
});

test("a launch whose daemon has ended starts nothing", async () => {
  expect(await launch(`touch ${join(directory, "started")}`, "1")).not.toBe(0);
  expect(existsSync(join(directory, "started"))).toBe(false);
});
