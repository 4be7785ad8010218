/**
 * Limits of the host that all machines share, raised to what `mostMachines` of them need and restored at the lab's end.
 * A machine's systemd does not start where one is used up: "Failed to allocate manager object: Too many open files".
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readIfThere, writeAtomically } from "../files.ts";

/** Machines for which the limits are enough. */
const mostMachines = 50;

/** By name as sysctl has it. Figures of a machine are some three times those of one that serves. */
export const neededLimits: Readonly<Record<string, number>> = {
  // A machine has 7, and as many again for each user that is logged in; all count as root's.
  "fs.inotify.max_user_instances": 128 + 20 * mostMachines,
  "fs.inotify.max_user_watches": 8192 + 100 * mostMachines,
  // A machine has 5; the kernel keeps 1024 for the host.
  "kernel.pty.max": 1024 + 20 * mostMachines,
  // A machine has 100 threads and 600 open files.
  "kernel.pid_max": 8192 + 400 * mostMachines,
  "fs.file-max": 65_536 + 2000 * mostMachines,
  // A router has a flow for each hop of a request, and keeps it for two minutes: 500 requests a second, four hops.
  "net.netfilter.nf_conntrack_max": 262_144,
  // Addresses that machines know of one another, for all namespaces together: a balancer probes each of its subnet.
  "net.ipv4.neigh.default.gc_thresh1": 4096,
  "net.ipv4.neigh.default.gc_thresh2": 8192,
  "net.ipv4.neigh.default.gc_thresh3": 256 * mostMachines,
};

export interface LimitsOptions {
  stateDir: string;
  log: (message: string) => void;
  /** Where the kernel has its limits; `/proc/sys` unless told. */
  kernelDir?: string;
}

/** What was before, and what the lab has made of it, by name. */
type Raised = Record<string, { was: number; raised: number }>;

const fileOf = (stateDir: string): string => join(stateDir, "host-limits.json");

/** Raises what is too low. A limit that cannot be read or written is told, and stays. */
export function raiseLimits({ stateDir, log, kernelDir = "/proc/sys" }: LimitsOptions): void {
  const known = readRaised(stateDir);
  const low = Object.entries(neededLimits).flatMap(([name, needed]) => {
    const now = attempt(`${name} may be too low for many machines`, log, () => readLimit(kernelDir, name));
    return now === undefined || now >= needed ? [] : [{ name, needed, now }];
  });
  if (low.length === 0) return;
  const raised = low.map(({ name, needed, now }) => {
    // A lab before this one, which was killed, may have raised it to less.
    const before = known[name];
    return [name, { was: before?.raised === now ? before.was : now, raised: needed }] as const;
  });
  mkdirSync(dirname(fileOf(stateDir)), { recursive: true, mode: 0o711 });
  writeAtomically(fileOf(stateDir), `${JSON.stringify({ ...known, ...Object.fromEntries(raised) }, null, 2)}\n`);
  for (const { name, needed, now } of low) {
    attempt(`${name} stays at ${now}, of ${needed} that ${mostMachines} machines need`, log, () => {
      writeFileSync(pathOf(kernelDir, name), String(needed));
      log(`${name} raised from ${now} to ${needed}`);
    });
  }
}

/** Restores what still has the lab's value; what somebody has changed since is left alone. */
export function restoreLimits({ stateDir, log, kernelDir = "/proc/sys" }: LimitsOptions): void {
  for (const [name, { was, raised }] of Object.entries(readRaised(stateDir))) {
    attempt(`${name} stays at ${raised}, and was ${was} before the lab`, log, () => {
      if (readLimit(kernelDir, name) === raised) writeFileSync(pathOf(kernelDir, name), String(was));
    });
  }
  rmSync(fileOf(stateDir), { force: true });
}

const pathOf = (kernelDir: string, name: string): string => join(kernelDir, ...name.split("."));

function readLimit(kernelDir: string, name: string): number {
  const path = pathOf(kernelDir, name);
  if (!existsSync(path)) throw new Error(`the kernel has no ${path}`);
  const text = readFileSync(path, "utf8").trim();
  if (!/^\d+$/.test(text)) throw new Error(`${path} has no number: "${text}"`);
  return Number(text);
}

function readRaised(stateDir: string): Raised {
  const text = readIfThere(fileOf(stateDir));
  return text === undefined ? {} : (JSON.parse(text) as Raised);
}

function attempt<Result>(otherwise: string, log: LimitsOptions["log"], work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    log(`${otherwise}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
