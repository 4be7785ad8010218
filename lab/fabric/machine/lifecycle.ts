/**
 * What happens to one machine: made, switched on and off, made anew, removed. Every step can be cut short and done
 * again: the record is written when the disk is complete, and what runs is asked of the kernel.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rmdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "../../world.ts";
import { remove } from "../image.ts";
import { ensureGroups, removeEmptyGroups } from "./cgroup.ts";
import {
  exitStatus,
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
import { whyOff, type Boot } from "./boot.ts";
import { endedAt, howEnded } from "./ending.ts";
import { bootsAgainAt } from "./healing.ts";
import { harvest, makeLayer, storeOf } from "./downloads.ts";
import { faultArguments } from "./imageFault.ts";
import { lastWords } from "./lastWords.ts";
import { kill, removeOwnDirectory, shutDown, start } from "./nspawn.ts";
import { runningMachine } from "./processes.ts";
import { seedFiles } from "./seed.ts";

export interface LifecycleOptions {
  stateDir: string;
  image?: string;
  caFile: string;
  log: (message: string) => void;
}

/**
 * `boot`: it must be switched on. `watch`: it runs, and was not up yet. `stay`: it ended before it was up, and stays off
 * until service healing or its owner switches it on. With what is remembered of its boot so far.
 */
export type PowerNeed = {
  /** Its disk is new. */
  made?: boolean;
} & ({ need: "none" } | { need: "boot"; boot?: Boot } | { need: "watch" | "stay"; boot: Boot });

export class Lifecycle {
  readonly #options: LifecycleOptions;
  /** Many machines that are made together share one look at what the others have downloaded. */
  #harvested: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Begins a round of `ensure`: machines made in it get what others have downloaded until now. */
  begin(): void {
    this.#harvested = undefined;
  }

  /**
   * Makes the machine's disk and limits as they should be, and switches it off where it should be off. Says what is left
   * to do for it to be on.
   */
  async ensure(machine: Machine): Promise<PowerNeed> {
    const paths = machinePaths(this.#options.stateDir, machine.id);
    const found = await readRecord(paths);
    const current = found?.id === machine.id && found.generation === machine.generation;
    const record = current ? found : await this.#make(machine, paths);
    const running = runningMachine(paths);
    if (!machine.powered) {
      if (running) await this.#switchOff(machine, paths, record);
      else if (record.switchedOn) writeRecord(paths, { ...record, switchedOn: undefined, boot: undefined });
      return { need: "none" };
    }
    const hostBootId = hostBoot();
    const isOfThisBoot = record.switchedOn === hostBootId;
    if (running) {
      await ensureGroups(paths.name, machine);
      // Switched on by a daemon that ended before it could write that down.
      if (!isOfThisBoot) writeRecord(paths, { ...record, switchedOn: hostBootId });
      return record.boot ? { need: "watch", boot: record.boot } : { need: "none" };
    }
    if (existsSync(paths.diskLost)) return { need: "none" };
    if (!record.switchedOn) return { need: "boot", boot: record.boot, made: !current };
    // The host was booted since.
    if (!isOfThisBoot) return { need: "boot" };
    const { boot } = record;
    if (howEnded(paths) === "reboot") return { need: "boot", boot };
    if (!boot) return { need: "none" };
    const reason = whyOff(exitStatus(paths));
    return reason === undefined ? { need: "boot", boot } : { need: "stay", boot: { ...boot, reason } };
  }

  /**
   * When a machine that does not run, and was up, boots again by itself, milliseconds since 1970; undefined: never. Not
   * to be asked while it is on its way up.
   */
  bootsAgainAt({ id, powered }: Machine, healingSeconds: number): number | undefined {
    const paths = machinePaths(this.#options.stateDir, id);
    const how = howEnded(paths);
    const ending = how && { how, atMs: endedAt(paths) };
    return bootsAgainAt({ powered, diskLost: existsSync(paths.diskLost), ending }, healingSeconds);
  }

  /** Switches the machine off before a restart; also one that has stopped by itself. */
  async shutDown(machine: Machine): Promise<void> {
    const paths = machinePaths(this.#options.stateDir, machine.id);
    const record = await readRecord(paths);
    if (!record) throw new Error(`${machine.name} does not exist yet`);
    if (existsSync(paths.diskLost)) throw new Error(`${machine.name} has lost its disk: reimage or replace it`);
    // A daemon that goes on from here switches it on.
    writeRecord(paths, { ...record, switchedOn: undefined, boot: undefined });
    await shutDown(paths);
  }

  /** Switches the machine on; rejects with the reason why it cannot. */
  async switchOn(machine: Machine, boot: Boot): Promise<void> {
    const paths = machinePaths(this.#options.stateDir, machine.id);
    const record = await this.#recordOf(paths);
    // A start that was cut short may have left a process that is not systemd-nspawn yet.
    await kill(paths);
    const { size } = await stat(paths.console);
    const begun = { ...record, switchedOn: undefined, boot: { ...boot, console: size } };
    writeRecord(paths, begun);
    const more = record.provisioned ? [] : faultArguments(this.#options.stateDir);
    await start(machine, paths, record.image, more);
    writeRecord(paths, { ...begun, switchedOn: hostBoot() });
  }

  /** Ends what is left of a boot that failed. */
  async giveUp(id: string, boot: Boot): Promise<void> {
    const paths = machinePaths(this.#options.stateDir, id);
    const record = await this.#recordOf(paths);
    // It is not lost, but waits for its next attempt.
    writeRecord(paths, { ...record, switchedOn: undefined, boot: { ...record.boot, ...boot } });
    await kill(paths);
  }

  /** What the machine has said last in this boot. */
  async lastWords(id: string): Promise<string> {
    const paths = machinePaths(this.#options.stateDir, id);
    return lastWords(paths, (await readRecord(paths))?.boot?.console ?? 0);
  }

  /** Notes that the machine has come up. */
  async isUp(id: string): Promise<void> {
    const paths = machinePaths(this.#options.stateDir, id);
    writeRecord(paths, { ...(await this.#recordOf(paths)), boot: undefined, provisioned: true });
  }

  async #recordOf(paths: MachinePaths): Promise<MachineRecord> {
    const record = await readRecord(paths);
    if (!record) throw new Error(`it has no disk (${paths.record} cannot be read)`);
    return record;
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
    await removeEmptyGroups();
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
    await (this.#harvested ??= this.#harvestAll());
    await makeLayer(storeOf(image), paths.downloads);
    const record = { id: machine.id, generation: machine.generation, image };
    writeRecord(paths, record);
    return record;
  }

  async #harvestAll(): Promise<void> {
    await Promise.all((await machinesOnDisk(this.#options.stateDir)).map((other) => this.#harvest(other)));
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

  async #switchOff(machine: Machine, paths: MachinePaths, record: MachineRecord): Promise<void> {
    this.#options.log(`${machine.name}: switched off`);
    writeRecord(paths, { ...record, switchedOn: undefined, boot: undefined });
    await shutDown(paths);
  }
}
