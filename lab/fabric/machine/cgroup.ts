/**
 * Control groups: a group per machine holds its processes apart, so that they can be ended (and frozen) together, and
 * none but they; and limits its processors and memory where the host lets us.
 *
 * Without a group per machine all machines would share one, and the systemd in one would find the other's services.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { holds, Lack, until } from "../../polling.ts";

const mount = "/sys/fs/cgroup";
const parent = "lab-machines";
const controllers = ["cpu", "cpuset", "memory"];

/**
 * `hybrid`: version 2 for grouping, version 1 for limits. `none`: machines stay in the group of the process that starts
 * them.
 */
type Layout = "unified" | "hybrid" | "none";

export function layout(): Layout {
  if (existsSync(join(mount, "cgroup.controllers"))) return "unified";
  if (existsSync(join(mount, "unified", "cgroup.procs"))) return "hybrid";
  return "none";
}

/** The machine's group in version 2, where its processes are counted and ended. */
function mainGroup(name: string): string | undefined {
  const kind = layout();
  if (kind === "none") return undefined;
  return join(mount, kind === "hybrid" ? "unified" : "", parent, name);
}

export interface Limits {
  cpus: number;
  /** MiB. */
  memory: number;
}

/** Makes the machine's groups and returns those that its first process must enter. */
export async function ensureGroups(name: string, limits: Limits): Promise<string[]> {
  const main = mainGroup(name);
  if (!main) return [];
  await mkdir(main, { recursive: true });
  if (layout() === "unified") {
    await enable(mount);
    await enable(join(mount, parent));
    await set(main, "cpu.max", quota(limits.cpus));
    await set(main, "memory.max", String(limits.memory * 1024 * 1024));
    return [main];
  }
  const groups = [main];
  for (const controller of controllers) {
    const group = await legacyGroup(controller, name);
    if (!group) continue;
    groups.push(group);
    if (controller === "cpu") {
      await set(group, "cpu.cfs_quota_us", quota(limits.cpus).split(" ")[0]?.replace("max", "-1") ?? "-1");
    } else if (controller === "memory") {
      await set(group, "memory.limit_in_bytes", String(limits.memory * 1024 * 1024));
    }
  }
  return groups;
}

/**
 * A group for the process that waits for the machine's end: below the machine's main group, so that it ends with it, and
 * beside those of systemd-nspawn. Undefined where the host has no group for the machine.
 */
export async function ensureKeeperGroup(name: string): Promise<string | undefined> {
  const main = mainGroup(name);
  if (!main) return undefined;
  const keeper = join(main, "keeper");
  await mkdir(keeper, { recursive: true });
  return keeper;
}

/** What a machine gets of processors that all want. */
export interface Portion {
  share: "full" | "tenth";
  /** The only processor that it may use; all unless told. */
  processor?: number;
}

/** On Azure each machine has processors of its own; here they take them from one another. */
export async function setPortion(name: string, { share, processor }: Portion): Promise<void> {
  if (layout() === "unified") {
    const group = join(mount, parent, name);
    await set(group, "cpu.weight", share === "full" ? "100" : "10");
    await set(group, "cpuset.cpus", String(processor ?? ""));
  } else {
    await set(join(mount, "cpu", parent, name), "cpu.shares", share === "full" ? "1024" : "102");
    const all = join(mount, "cpuset", "cpuset.cpus");
    if (!existsSync(all)) return;
    await set(join(mount, "cpuset", parent, name), "cpuset.cpus", String(processor ?? (await readFile(all, "utf8"))));
  }
}

/** Processes of the machine outside its init's namespace; undefined where the host has no group for it. */
export function groupProcesses(name: string): number[] | undefined {
  const main = mainGroup(name);
  if (!main) return undefined;
  // A supervisor moves from the first to the second, so reading in this order never misses it.
  return [main, join(main, "supervisor")].flatMap((group) => {
    try {
      return readFileSync(join(group, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
}

/** Seconds of processor time that the machine has used since it was switched on; undefined where nobody counts. */
export function cpuSeconds(name: string): number | undefined {
  const main = mainGroup(name);
  if (!main) return undefined;
  try {
    return Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(main, "cpu.stat"), "utf8"))?.[1]) / 1e6;
  } catch {
    return undefined;
  }
}

/** Ends every process of the machine at once, also when it is frozen; nothing inside gets to know. */
export async function killGroup(name: string): Promise<boolean> {
  const main = mainGroup(name);
  if (!main || !existsSync(join(main, "cgroup.kill"))) return false;
  await writeFile(join(main, "cgroup.kill"), "1");
  const ended = async () => /^populated 0$/m.test(await readFile(join(main, "cgroup.events"), "utf8")) || new Lack("");
  const options = { timeoutSeconds: 5, intervalSeconds: 0.02 };
  return until(`the end of ${name}'s processes (see ${main}/cgroup.procs)`, ended, options);
}

/** Stops all processes of the machine where they are, or lets them go on. */
export async function freeze(name: string, frozen: boolean): Promise<void> {
  const main = mainGroup(name);
  if (!main) throw new Error("a machine can be frozen only where the kernel has control groups of version 2");
  await writeFile(join(main, "cgroup.freeze"), frozen ? "1" : "0");
}

/** Removes the machine's groups, and the groups above when it was the last. */
export async function removeGroups(name: string): Promise<void> {
  for (const top of tops()) {
    // Where it has none, another machine may be about to make its own.
    if (!existsSync(join(top, name))) continue;
    await removeTree(join(top, name));
    await rmdir(top).catch(() => {});
  }
}

/** Removes the groups above the machines', when there is no machine left. */
export async function removeEmptyGroups(): Promise<void> {
  for (const top of tops()) await rmdir(top).catch(() => {});
}

/** Names of all machines that have a group. */
export async function groupNames(): Promise<string[]> {
  const names = new Set<string>();
  for (const top of tops()) {
    for (const entry of await readdir(top, { withFileTypes: true })) if (entry.isDirectory()) names.add(entry.name);
  }
  return [...names].sort();
}

function tops(): string[] {
  const hierarchies = layout() === "unified" ? [mount] : ["unified", ...controllers].map((dir) => join(mount, dir));
  return hierarchies.map((dir) => join(dir, parent)).filter((dir) => existsSync(dir));
}

async function removeTree(group: string): Promise<void> {
  if (!existsSync(group)) return;
  for (const entry of await readdir(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(group, entry.name));
  }
  // The kernel lets go of a group a moment after its last process has ended. The error of the last attempt counts.
  const attempt = () =>
    rmdir(group).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === "ENOENT",
    );
  if (!(await holds(attempt, { timeoutSeconds: 0.5, intervalSeconds: 0.02 }))) await rmdir(group);
}

/**
 * A group of a version 1 controller, only where this process is in the hierarchy's root: below the root another program
 * accounts for this one and limits it, and a group beside that program's would escape its limits.
 */
async function legacyGroup(controller: string, name: string): Promise<string | undefined> {
  const own = (await readFile("/proc/self/cgroup", "utf8"))
    .split("\n")
    .find((line) => line.split(":")[1]?.split(",").includes(controller));
  if (own?.split(":")[2] !== "/" || !existsSync(join(mount, controller, "cgroup.procs"))) return undefined;
  const top = join(mount, controller, parent);
  await mkdir(top, { recursive: true });
  if (controller === "cpuset") {
    // No process can enter a group without both settings. The machines' groups inherit those of their parent.
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      await writeFile(join(top, file), await readFile(join(mount, controller, file)));
    await writeFile(join(top, "cgroup.clone_children"), "1");
  }
  await mkdir(join(top, name), { recursive: true });
  return join(top, name);
}

function quota(cpus: number): string {
  return cpus >= availableParallelism() ? "max 100000" : `${cpus * 100_000} 100000`;
}

async function enable(group: string): Promise<void> {
  for (const controller of controllers) await set(group, "cgroup.subtree_control", `+${controller}`);
}

/** Limits are an addition: where the host refuses one, the machine runs without. */
async function set(group: string, file: string, value: string): Promise<void> {
  await writeFile(join(group, file), value).catch(() => {});
}
