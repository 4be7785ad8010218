/** All machines of the lab: makes those that should exist, removes the others, and says how they are. */
import { availableParallelism } from "node:os";
import type { Machine, MachineEffects, MachineStatus } from "../world.ts";
import { AgentPool, type AgentPlace } from "./agent/pool.ts";
import { exitStatus, machinePaths, machinesOnDisk } from "./machine/files.ts";
import type { Sight } from "./machine/boot.ts";
import { Boots } from "./machine/boots.ts";
import { cpuSeconds } from "./machine/cgroup.ts";
import { breakMachine, type Damage } from "./machine/damage.ts";
import { howEnded } from "./machine/ending.ts";
import { readConsole } from "./machine/console.ts";
import { Lifecycle } from "./machine/lifecycle.ts";
import { Portions } from "./machine/portions.ts";
import { runningMachine } from "./machine/processes.ts";

export interface MachinesOptions {
  stateDir: string;
  /** Root directory of the image for new machines, as `ensureImage` returns it; needed to make machines. */
  image?: string;
  /** Certificate of the lab's authority, which machines trust. */
  caFile: string;
  log: (message: string) => void;
  /** A machine whose agent has been silent for so long counts as frozen; 20 unless told. */
  silenceSeconds?: number;
  /** From the loss of a machine's host until it boots again; asked each time. Absent: it stays lost. */
  serviceHealingSeconds?: () => number;
  /** Time in which a machine must be up, from its first attempt on; 180 unless told. */
  provisioningSeconds?: number;
}

/** Machines that are worked on at once: more do not go faster on two processors. */
const atOnce = 4;

/** Machines that boot at the same time: a boot waits for the disk and for itself a third of its time. */
const bootsAtOnce = 3 * availableParallelism();

/** Pause between two looks at what boots. */
const intervalMs = 1000;

const isOn = (power: MachineStatus["power"]): boolean => power === "starting" || power === "running";

export class Machines {
  readonly effects: MachineEffects;
  readonly #options: MachinesOptions;
  readonly #lifecycle: Lifecycle;
  readonly #agents: AgentPool;
  readonly #boots: Boots;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  /** The statuses that the listeners know. */
  #told = "";
  #wanted = new Map<string, Machine>();
  readonly #portions = new Portions((id) => this.#nameOf(id));
  /** The last work on each machine, by its name on the host: two never work on the same one at the same time. */
  readonly #work = new Map<string, Promise<unknown>>();

  constructor(options: MachinesOptions) {
    this.#options = options;
    this.#lifecycle = new Lifecycle(options);
    this.#agents = new AgentPool({
      locate: (machines) => this.#locate(machines),
      silenceSeconds: options.silenceSeconds,
    });
    this.#boots = new Boots({
      atOnce: bootsAtOnce,
      provisioningSeconds: options.provisioningSeconds ?? 180,
      switchOn: (id, boot) => this.#ifWanted(id, (machine) => this.#lifecycle.switchOn(machine, boot)),
      see: (id) => this.#see(id),
      lastWords: (id) => this.#lifecycle.lastWords(id),
      giveUp: (id, boot) => this.#ifWanted(id, () => this.#lifecycle.giveUp(id, boot)),
      isUp: (id) => this.#ifWanted(id, () => this.#lifecycle.isUp(id)),
      log: options.log,
      nameOf: (id) => this.#wanted.get(id)?.name ?? id,
    });
    this.#agents.onChange(() => this.#look());
    this.effects = {
      serialLog: (id) => readConsole(machinePaths(options.stateDir, id)),
      run: (id, script) => this.#agents.run(id, script),
      restart: (id) => this.#restart(id),
      cpu: (id) => this.#cpu(id),
    };
  }

  /** Makes it so that exactly these machines exist. What fails is returned by machine, and can be tried again. */
  async converge(machines: Machine[]): Promise<{ id: string; message: string }[]> {
    this.#wanted = new Map(machines.map((machine) => [machine.id, machine]));
    this.#boots.dropAllBut(new Set(machines.filter(({ powered }) => powered).map(({ id }) => id)));
    this.#agents.watch(machines);
    this.#lifecycle.begin();
    this.#timer ??= setInterval(() => this.#look(), intervalMs).unref();
    const errors: { id: string; message: string }[] = [];
    const attempt = async (id: string, name: string, work: () => Promise<void>): Promise<void> => {
      try {
        await this.#alone(name, work);
      } catch (error) {
        errors.push({ id, message: error instanceof Error ? error.message : String(error) });
      }
    };
    const kept = new Set(machines.map(({ id }) => this.#nameOf(id)));
    const strays = (await machinesOnDisk(this.#options.stateDir)).filter(({ name }) => !kept.has(name));
    await inParallel(strays, (paths) => attempt(paths.name, paths.name, () => this.#lifecycle.remove(paths)));
    await inParallel(machines, (machine) => attempt(machine.id, this.#nameOf(machine.id), () => this.#ensure(machine)));
    this.#agents.look();
    this.#look();
    return errors;
  }

  statuses(): MachineStatus[] {
    return this.#agents.statuses().map((status) => {
      const late = this.#boots.late(status.id);
      const isStarting = !isOn(status.power) && this.#boots.isOnItsWay(status.id);
      return { ...status, ...(isStarting && { power: "starting" as const }), ...(late !== undefined && { late }) };
    });
  }

  /** Calls back when a status has changed. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Machines that exist, asked of the disk and the kernel: the names of their namespaces. */
  async list(): Promise<{ name: string; running: boolean }[]> {
    return (await machinesOnDisk(this.#options.stateDir)).map((paths) => ({
      name: paths.name,
      running: runningMachine(paths) !== undefined,
    }));
  }

  /** Breaks a machine, or mends it. */
  async kill(machine: Pick<Machine, "id" | "name" | "networkId">, how: Damage): Promise<void> {
    await breakMachine(machine, machinePaths(this.#options.stateDir, machine.id), how);
  }

  /** Removes all machines of this state directory, also those that another process has made. */
  async removeAll(): Promise<void> {
    this.stop();
    await inParallel(await machinesOnDisk(this.#options.stateDir), (paths) => this.#lifecycle.remove(paths));
    await this.#lifecycle.removeRest();
  }

  /** Lets go of the machines, which run on. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#boots.dropAllBut(new Set());
    this.#agents.stop();
  }

  async #ensure(machine: Machine): Promise<void> {
    const known = await this.#lifecycle.ensure(machine);
    // A machine that was made anew has nothing of its last boot; changed again meanwhile, its turn comes anyway.
    if (known.made) this.#boots.drop(machine.id);
    if (this.#wanted.get(machine.id) !== machine) return;
    if (known.need === "boot") this.#boots.begin(machine.id, known.boot);
    if (known.need === "watch") this.#boots.resume(machine.id, known.boot);
    if (known.need === "stay") this.#boots.stay(machine.id, known.boot);
  }

  /** Work on a machine that may have been deleted, or switched off, while it waited. */
  #ifWanted(id: string, work: (machine: Machine) => Promise<void>): Promise<void> {
    return this.#alone(this.#nameOf(id), async () => {
      const machine = this.#wanted.get(id);
      if (machine?.powered) await work(machine);
    });
  }

  #nameOf(id: string): string {
    return machinePaths(this.#options.stateDir, id).name;
  }

  #see(id: string): Sight {
    const paths = machinePaths(this.#options.stateDir, id);
    const running = runningMachine(paths);
    if (!running) return { running: false, exitStatus: exitStatus(paths), answers: false, ready: false };
    return { running: true, ...this.#agents.heard(id, running.init) };
  }

  #look(): void {
    const healingSeconds = this.#options.serviceHealingSeconds?.() ?? Infinity;
    for (const { id, power } of this.#agents.statuses()) {
      const machine = this.#wanted.get(id);
      if (isOn(power) || !machine?.powered || this.#work.has(this.#nameOf(id))) continue;
      if (this.#boots.isOnItsWay(id) || this.#see(id).running) continue;
      // A reboot that the guest asked for after it was up, or its host is lost.
      const at = this.#lifecycle.bootsAgainAt(machine, healingSeconds);
      if (at === undefined || at > Date.now()) continue;
      this.#options.log(`${machine.name}: ${power === "lost" ? "boots on another host" : "rebooted by itself"}`);
      this.#boots.drop(id);
      this.#boots.begin(id);
    }
    this.#boots.look();
    this.#portions.share(this.#agents.statuses());
    const now = JSON.stringify(this.statuses());
    if (now === this.#told) return;
    this.#told = now;
    for (const listener of this.#listeners) listener();
  }

  async #restart(id: string): Promise<void> {
    const machine = this.#wanted.get(id);
    if (!machine) throw new Error(`there is no machine ${id}`);
    this.#boots.drop(id);
    await this.#alone(this.#nameOf(id), () => this.#lifecycle.shutDown(machine));
    this.#boots.drop(id);
    if (this.#wanted.get(id)?.powered) this.#boots.begin(id);
    this.#agents.look();
    this.#look();
  }

  /** Read synchronously, as the processes are: this file is memory. */
  #cpu(id: string): ReturnType<MachineEffects["cpu"]> {
    const seconds = cpuSeconds(machinePaths(this.#options.stateDir, id).name);
    const machine = this.#wanted.get(id);
    return seconds === undefined || !machine
      ? undefined
      : { seconds, processors: Math.min(machine.cpus, availableParallelism()) };
  }

  #locate(machines: Machine[]): Map<string, AgentPlace | "starting" | "lost"> {
    const places = new Map<string, AgentPlace | "starting" | "lost">();
    for (const { id, powered } of machines) {
      const paths = machinePaths(this.#options.stateDir, id);
      const found = runningMachine(paths);
      if (found) places.set(id, found.init === undefined ? "starting" : { init: found.init });
      else if (powered && howEnded(paths) === "lost") places.set(id, "lost");
    }
    return places;
  }

  async #alone(name: string, work: () => Promise<void>): Promise<void> {
    const before = this.#work.get(name) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(work);
    this.#work.set(name, mine);
    try {
      await mine;
    } finally {
      if (this.#work.get(name) === mine) this.#work.delete(name);
    }
  }
}

async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
