/**
 * What happens to one machine: made, switched on and off, made anew, removed. Every step can be cut short and done
 * again: the record is written when the disk is complete, and what runs is asked of the kernel.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rmdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "../../world.ts";
import { remove } from "../image.ts";
import { ensureGroups } from "./cgroup.ts";
import {
  hostBoot,
  machinePaths,
  machinesDir,
  machinesOnDisk,
  readRecord,
  writeRecord,
  writeTree,
  type MachinePaths,
  type MachineRecord,
} from "./files.ts";
import { lastEnding } from "./ending.ts";
import { bootsAgainAt } from "./healing.ts";
import { harvest, makeLayer, storeOf } from "./downloads.ts";
import { kill, removeOwnDirectory, shutDown, start } from "./nspawn.ts";
import { runningMachine } from "./processes.ts";
import { seedFiles } from "./seed.ts";

export interface LifecycleOptions {
  stateDir: string;
  image?: string;
  caFile: string;
  log: (message: string) => void;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Makes the machine as it should be: disk, power, limits. */
  async ensure(machine: Machine): Promise<void> {
    const paths = machinePaths(this.#options.stateDir, machine.id);
    const found = await readRecord(paths);
    const current = found?.id === machine.id && found.generation === machine.generation;
    const record = current ? found : await this.#make(machine, paths);
    const running = runningMachine(paths);
    if (!machine.powered) {
      if (running) await this.#switchOff(machine, paths, record);
      else if (record.switchedOn) writeRecord(paths, { ...record, switchedOn: undefined });
      return;
    }
    const boot = await hostBoot();
    if (running) {
      await ensureGroups(paths.name, machine);
      // Switched on by a daemon that ended before it could write that down.
      if (record.switchedOn !== boot) writeRecord(paths, { ...record, switchedOn: boot });
    } else if (record.switchedOn !== boot && !existsSync(paths.diskLost)) {
      await this.#switchOn(machine, paths, record);
    }
  }

  /** Restarts the machine with its disk; also one that has stopped by itself. */
  async restart(machine: Machine): Promise<void> {
    const paths = machinePaths(this.#options.stateDir, machine.id);
    const record = await readRecord(paths);
    if (!record) throw new Error(`${machine.name} does not exist yet`);
    if (existsSync(paths.diskLost)) throw new Error(`${machine.name} has lost its disk: reimage or replace it`);
    await shutDown(paths);
    await this.#switchOn(machine, paths, record);
  }

  /** Boots the machine again, with its disk, where it lost its host so long ago, or rebooted. Else does nothing. */
  async heal(machine: Machine, healingSeconds: number): Promise<void> {
    const paths = machinePaths(this.#options.stateDir, machine.id);
    if (runningMachine(paths)) return;
    const record = await readRecord(paths);
    if (!record || record.id !== machine.id || record.generation !== machine.generation) return;
    const ending = lastEnding(paths);
    const at = bootsAgainAt({ powered: machine.powered, diskLost: existsSync(paths.diskLost), ending }, healingSeconds);
    if (at === undefined || at > Date.now()) return;
    const why = ending?.how === "lost" ? "its host was lost, it boots on another one" : "it reboots";
    this.#options.log(`${machine.name}: ${why}`);
    await this.#switchOn(machine, paths, record);
  }

  /** Removes the machine and all it had of the host, half-made or running. */
  async remove(paths: MachinePaths): Promise<void> {
    await kill(paths);
    await this.#harvest(paths);
    await remove(paths.dir);
  }

  /** Removes what is left when all machines are gone. */
  async removeRest(): Promise<void> {
    const dir = machinesDir(this.#options.stateDir);
    if (existsSync(dir)) await rmdir(dir);
    await removeOwnDirectory();
  }

  async #make(machine: Machine, paths: MachinePaths): Promise<MachineRecord> {
    const { image, caFile, log } = this.#options;
    if (!image) throw new Error(`${machine.name} cannot be made: this lab was opened without an image`);
    if (existsSync(paths.dir)) await this.remove(paths);
    log(`${machine.name}: new disk`);
    // Disks have the modes that machines give them; a user of the host must not find a machine's setuid programs.
    await mkdir(machinesDir(this.#options.stateDir), { recursive: true, mode: 0o700 });
    await mkdir(paths.upper, { recursive: true, mode: 0o755 });
    await mkdir(paths.work, { recursive: true });
    const bundle = await readFile(join(image, "etc/ssl/certs/ca-certificates.crt"), "utf8");
    await writeTree(paths.upper, seedFiles(machine, { authority: await readFile(caFile, "utf8"), bundle }));
    // Else systemd would find /usr newer than what the image has done for it, and do that again.
    const { atime, mtime } = await stat(join(image, "usr"));
    await utimes(join(paths.upper, "usr"), atime, mtime);
    await writeFile(paths.console, "", { mode: 0o600 });
    await Promise.all((await machinesOnDisk(this.#options.stateDir)).map((other) => this.#harvest(other)));
    await makeLayer(storeOf(image), paths.downloads);
    const record = { id: machine.id, generation: machine.generation, image };
    writeRecord(paths, record);
    return record;
  }

  /** Keeps a machine's downloads. A failure is told and changes nothing for the machine. */
  async #harvest(paths: MachinePaths): Promise<void> {
    const record = await readRecord(paths);
    if (!record) return;
    try {
      await harvest(paths.upper, storeOf(record.image));
    } catch (error) {
      this.#options.log(
        `downloads of ${paths.name} are not kept: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async #switchOn(machine: Machine, paths: MachinePaths, record: MachineRecord): Promise<void> {
    // A start that was cut short may have left a process that is not systemd-nspawn yet.
    await kill(paths);
    await start(machine, paths, record.image);
    writeRecord(paths, { ...record, switchedOn: await hostBoot() });
  }

  async #switchOff(machine: Machine, paths: MachinePaths, record: MachineRecord): Promise<void> {
    this.#options.log(`${machine.name}: switched off`);
    writeRecord(paths, { ...record, switchedOn: undefined });
    await shutDown(paths);
  }
}
