/** All machines of the lab: makes those that should exist, removes the others, and says how they are. */
import { availableParallelism } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { Machine, MachineEffects, MachineStatus } from "../world.ts";
import { AgentPool, type AgentPlace } from "./agent/pool.ts";
import { machinePaths, machinesOnDisk } from "./machine/files.ts";
import { cpuSeconds, setPortion, type Portion } from "./machine/cgroup.ts";
import { breakMachine, type Damage } from "./machine/damage.ts";
import { lastEnding } from "./machine/ending.ts";
import { bootsAgainAt } from "./machine/healing.ts";
import { readConsole } from "./machine/console.ts";
import { Lifecycle } from "./machine/lifecycle.ts";
import { runningMachine } from "./machine/processes.ts";

export interface MachinesOptions {
  stateDir: string;
  /** Root directory of the image for new machines, as `ensureImage` returns it; needed to make machines. */
  image?: string;
  /** Certificate of the lab's authority, which machines trust. */
  caFile: string;
  log: (message: string) => void;
  /** From the loss of a machine's host until it boots again; asked each time. Absent: it stays lost. */
  serviceHealingSeconds?: () => number;
  /** A machine whose agent has been silent for so long counts as frozen; 20 unless told. */
  silenceSeconds?: number;
}

/** Pause between two looks at machines that do not run. */
const healIntervalMs = 1000;

/** Pause before a machine that could not boot is tried again. */
const healRetryMs = 10_000;

/** Machines that are worked on at once: more do not go faster on two processors. */
const atOnce = 4;

export class Machines {
  readonly effects: MachineEffects;
  readonly #options: MachinesOptions;
  readonly #lifecycle: Lifecycle;
  readonly #agents: AgentPool;
  #wanted = new Map<string, Machine>();
  readonly #portions = new Map<string, Portion>();
  #healing: NodeJS.Timeout | undefined;
  /** When a machine's last attempt to boot again was begun; milliseconds since 1970. */
  readonly #healed = new Map<string, number>();
  /** The last work on each machine: two never work on the same one at the same time. */
  readonly #work = new Map<string, Promise<unknown>>();

  constructor(options: MachinesOptions) {
    this.#options = options;
    this.#lifecycle = new Lifecycle(options);
    this.#agents = new AgentPool({
      locate: (machines) => this.#locate(machines),
      silenceSeconds: options.silenceSeconds,
    });
    this.#agents.onChange(() => this.#share());
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
    this.#agents.watch(machines);
    const errors: { id: string; message: string }[] = [];
    const attempt = async (id: string, work: () => Promise<void>): Promise<void> => {
      try {
        await this.#alone(id, work);
      } catch (error) {
        errors.push({ id, message: error instanceof Error ? error.message : String(error) });
      }
    };
    const kept = new Set(machines.map(({ id }) => machinePaths(this.#options.stateDir, id).name));
    const strays = (await machinesOnDisk(this.#options.stateDir)).filter(({ name }) => !kept.has(name));
    await inParallel(strays, (paths) => attempt(paths.name, () => this.#lifecycle.remove(paths)));
    await inParallel(machines, (machine) => attempt(machine.id, () => this.#lifecycle.ensure(machine)));
    this.#agents.look();
    if (this.#options.serviceHealingSeconds) this.#healing ??= setInterval(() => this.#heal(), healIntervalMs).unref();
    return errors;
  }

  statuses(): MachineStatus[] {
    return this.#agents.statuses();
  }

  /** Calls back when a status has changed. */
  onChange(listener: () => void): void {
    this.#agents.onChange(listener);
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
    clearInterval(this.#healing);
    this.#healing = undefined;
    this.#agents.stop();
  }

  /** Boots machines again that have lost their hosts, when their time has come, and guests that reboot at once. */
  #heal(): void {
    const { stateDir, serviceHealingSeconds, log } = this.#options;
    const seconds = serviceHealingSeconds?.() ?? Infinity;
    for (const machine of this.#wanted.values()) {
      const { id, name, powered } = machine;
      const paths = machinePaths(stateDir, id);
      if (runningMachine(paths)) continue;
      // Asked again, with the rest, when it is the machine's turn.
      const at = bootsAgainAt({ powered, diskLost: false, ending: lastEnding(paths) }, seconds);
      const notBefore = (this.#healed.get(id) ?? 0) + healRetryMs;
      if (at === undefined || Date.now() < Math.max(at, notBefore)) continue;
      this.#healed.set(id, Date.now());
      void this.#alone(id, async () => {
        // It may have been deleted or switched off while it waited for its turn.
        const wanted = this.#wanted.get(id);
        if (wanted) await this.#lifecycle.heal(wanted, seconds);
      }).then(
        () => this.#agents.look(),
        (error: unknown) =>
          log(`${name} does not boot again: ${error instanceof Error ? error.message : String(error)}`),
      );
    }
    for (const id of this.#healed.keys()) if (!this.#wanted.has(id)) this.#healed.delete(id);
  }

  async #restart(id: string): Promise<void> {
    const machine = this.#wanted.get(id);
    if (!machine) throw new Error(`there is no machine ${id}`);
    await this.#alone(id, () => this.#lifecycle.restart(machine));
    this.#agents.look();
  }

  /**
   * Machines that do not serve yet give way to those that do. They are spread over the processors, since some kernels
   * gather what runs on few of them.
   */
  #share(): void {
    let beginners = 0;
    for (const { id, health } of this.statuses()) {
      const portion: Portion =
        health === "Initializing"
          ? { share: "tenth", processor: beginners++ % availableParallelism() }
          : { share: "full" };
      if (isDeepStrictEqual(this.#portions.get(id), portion)) continue;
      this.#portions.set(id, portion);
      void setPortion(machinePaths(this.#options.stateDir, id).name, portion);
    }
    for (const id of this.#portions.keys()) if (!this.#wanted.has(id)) this.#portions.delete(id);
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
      else if (powered && lastEnding(paths)?.how === "lost") places.set(id, "lost");
    }
    return places;
  }

  async #alone(id: string, work: () => Promise<void>): Promise<void> {
    const before = this.#work.get(id) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(work);
    this.#work.set(id, mine);
    try {
      await mine;
    } finally {
      if (this.#work.get(id) === mine) this.#work.delete(id);
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
