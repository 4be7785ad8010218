/**
 * Which machines run, asked of the kernel: systemd-nspawn stands in the machine's control group and names the machine's
 * directory in its command line. Read synchronously: these files are memory, and this is asked every second.
 */
import { readdirSync, readFileSync } from "node:fs";
import { groupProcesses } from "./cgroup.ts";
import type { MachinePaths } from "./files.ts";

export interface RunningMachine {
  /** systemd-nspawn on the host. */
  supervisor: number;
  /** The machine's own init; absent while systemd-nspawn is still preparing, or starting it again. */
  init?: number;
}

/** Argument by which a machine's supervisor is known, with the state directory in it: labs do not see each other's. */
export function directoryArgument(paths: Pick<MachinePaths, "root">): string {
  return `--directory=${paths.root}`;
}

export function runningMachine(paths: MachinePaths): RunningMachine | undefined {
  // Without control groups, any process may be it.
  const candidates = groupProcesses(paths.name) ?? allProcesses();
  const supervisors = candidates.filter((pid) => isSupervisor(pid, directoryArgument(paths)));
  // While it prepares the machine, systemd-nspawn has children that share its command line.
  const supervisor = supervisors.find((pid) => !supervisors.includes(parent(pid)));
  return supervisor === undefined ? undefined : { supervisor, init: initOf(supervisor) };
}

function isSupervisor(pid: number, directory: string): boolean {
  const [program, ...args] = commandLine(pid);
  return program?.endsWith("systemd-nspawn") === true && args.includes(directory);
}

/** The child that is process 1 of a namespace of its own and has become the machine's init. */
function initOf(supervisor: number): number | undefined {
  const children = read(`/proc/${supervisor}/task/${supervisor}/children`).split(" ").filter(Boolean).map(Number);
  return children.find(
    (child) =>
      /^NSpid:\s.*\s1$/m.test(read(`/proc/${child}/status`)) && !commandLine(child)[0]?.endsWith("systemd-nspawn"),
  );
}

function allProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parent(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function commandLine(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split("\0");
}

/** A process may end at any time; then there is nothing to read. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
