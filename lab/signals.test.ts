import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { endProcesses, signalProcess } from "./signals.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A process that runs the script, once it has said that it does. */
async function started(script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", `${script}; setInterval(() => {}, 1000); console.log("ready")`]);
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

const left = () =>
  children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map(({ pid = NaN }) => pid);

test("processes are asked to end, and those that do not listen are killed", async () => {
  const polite = await started("process.on('SIGTERM', () => process.exit(3))");
  const deaf = await started("process.on('SIGTERM', () => {})");
  await endProcesses(left, 0.5);
  expect([polite.exitCode, deaf.signalCode]).toEqual([3, "SIGKILL"]);
});

test("a signal to a process that has ended says that there is none", async () => {
  const child = await started("");
  expect(signalProcess(child.pid ?? NaN, 0)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(signalProcess(child.pid ?? NaN, 0)).toBe(false);
});
