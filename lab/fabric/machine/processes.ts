/** Which machines run, asked of the kernel: systemd-nspawn names the machine's directory in its command line. */
import { readdir, readFile } from "node:fs/promises";
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

/** Running machines by their directory argument. */
export async function runningMachines(): Promise<Map<string, RunningMachine>> {
  const found = new Map<string, RunningMachine>();
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of processes) {
    const [program, ...args] = await commandLine(pid);
    if (!program?.endsWith("systemd-nspawn")) continue;
    const directory = args.find((argument) => argument.startsWith("--directory="));
    // While it prepares the machine, systemd-nspawn has children that share its command line.
    if (!directory || (await commandLine(await parent(pid)))[0]?.endsWith("systemd-nspawn")) continue;
    found.set(directory, { supervisor: pid, init: await initOf(pid) });
  }
  return found;
}

export async function runningMachine(paths: MachinePaths): Promise<RunningMachine | undefined> {
  return (await runningMachines()).get(directoryArgument(paths));
}

/** The child that is process 1 of a namespace of its own and has become the machine's init. */
async function initOf(supervisor: number): Promise<number | undefined> {
  for (const child of await children(supervisor)) {
    const status = await read(`/proc/${child}/status`);
    const isFirst = /^NSpid:\s.*\s1$/m.test(status);
    if (isFirst && !(await commandLine(child))[0]?.endsWith("systemd-nspawn")) return child;
  }
  return undefined;
}

async function children(pid: number): Promise<number[]> {
  return (await read(`/proc/${pid}/task/${pid}/children`)).split(" ").filter(Boolean).map(Number);
}

async function parent(pid: number): Promise<number> {
  return Number(/^PPid:\s+(\d+)$/m.exec(await read(`/proc/${pid}/status`))?.[1] ?? 0);
}

async function commandLine(pid: number): Promise<string[]> {
  return (await read(`/proc/${pid}/cmdline`)).split("\0");
}

/** A process may end at any time; then there is nothing to read. */
async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
