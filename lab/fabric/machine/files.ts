/**
 * A machine's directory, `<state>/machines/<hash of its ID>`:
 *
 *     machine.json   which machine this is; written last, so a directory without it is half-made
 *     disk/          upper and work: the overlay over the image, the machine's disk
 *     disk-lost      there when the disk is lost; a file of its own, since `bin/lab kill` makes it beside the daemon
 *     reset          there when the next loss is the guest's own reset: it boots again at once
 *     lost           since when the machine is lost, where no exit status tells it
 *     downloads/     a layer below the disk: what other machines have downloaded
 *     root/          where the overlay is mounted, in the machine's own mount namespace only
 *     console.log    the serial console since the disk was made
 *     nspawn.log     what systemd-nspawn itself had to say
 *     exit           how systemd-nspawn ended, unless it was killed
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readIfThere, writeAtomically } from "../../files.ts";
import { machinePrefix, shortHash } from "../names.ts";
import type { Boot } from "./boot.ts";

export interface MachinePaths {
  /** The name of the machine in systemd-nspawn, of its network namespace and of its control group. */
  name: string;
  dir: string;
  record: string;
  disk: string;
  /** There when the disk is lost: only Reimage or another machine helps. */
  diskLost: string;
  reset: string;
  lost: string;
  upper: string;
  work: string;
  downloads: string;
  root: string;
  console: string;
  nspawnLog: string;
  exit: string;
}

/** What must be remembered because the kernel does not know it. */
export interface MachineRecord {
  id: string;
  generation: number;
  /** Root directory of the image that the disk is an overlay of. */
  image: string;
  /**
   * The host's boot in which the machine was last switched on; absent when it was switched off. A machine that was
   * switched on in this boot, was up and does not run has stopped by itself, and stays so, as on Azure.
   */
  switchedOn?: string;
  /** From the first attempt to switch it on until it is up. */
  boot?: Boot & {
    /** Size of the console's log before the last attempt. */
    console?: number;
  };
  /** It was up once, on this disk. */
  provisioned?: true;
}

export function machinesDir(stateDir: string): string {
  return join(stateDir, "machines");
}

export function machinePaths(stateDir: string, id: string): MachinePaths {
  return pathsOf(stateDir, shortHash(id));
}

function pathsOf(stateDir: string, hash: string): MachinePaths {
  const dir = join(machinesDir(stateDir), hash);
  return {
    name: `${machinePrefix}${hash}`,
    dir,
    record: join(dir, "machine.json"),
    disk: join(dir, "disk"),
    diskLost: join(dir, "disk-lost"),
    reset: join(dir, "reset"),
    lost: join(dir, "lost"),
    upper: join(dir, "disk", "upper"),
    work: join(dir, "disk", "work"),
    downloads: join(dir, "downloads"),
    root: join(dir, "root"),
    console: join(dir, "console.log"),
    nspawnLog: join(dir, "nspawn.log"),
    exit: join(dir, "exit"),
  };
}

/** All machines that have a directory, half-made ones included. */
export async function machinesOnDisk(stateDir: string): Promise<MachinePaths[]> {
  if (!existsSync(machinesDir(stateDir))) return [];
  return (await readdir(machinesDir(stateDir))).sort().map((hash) => pathsOf(stateDir, hash));
}

export async function readRecord(paths: MachinePaths): Promise<MachineRecord | undefined> {
  try {
    return JSON.parse(await readFile(paths.record, "utf8")) as MachineRecord;
  } catch {
    return undefined;
  }
}

export function writeRecord(paths: MachinePaths, record: MachineRecord): void {
  writeAtomically(paths.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Writes files into a directory tree, with parents as Debian has them. */
export async function writeTree(
  root: string,
  files: { path: string; mode: number; content: string | Uint8Array }[],
): Promise<void> {
  for (const { path, mode, content } of files) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await rm(file, { force: true });
    await writeFile(file, content, { mode });
  }
}

/** How systemd-nspawn ended since the machine was last switched on; undefined while it runs, and where it was killed. */
export function exitStatus(paths: Pick<MachinePaths, "exit">): number | undefined {
  const text = readIfThere(paths.exit);
  return text === undefined ? undefined : Number(text);
}

/** The ID of the host's current boot. */
export function hostBoot(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
