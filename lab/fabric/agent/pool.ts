/** One agent per running machine, started again when it ends, and what the agents say as the machines' status. */
import type { Machine, MachineStatus } from "../../world.ts";
import type { Event } from "./protocol.ts";
import { MachineAgent } from "./agent.ts";

/** Where the pool finds a machine that runs. */
export interface AgentPlace {
  init: number;
}

export interface AgentPoolOptions {
  /** Those of the machines that are switched on, and where their agents go. */
  locate: (machines: Machine[]) => Map<string, AgentPlace | "starting" | "lost">;
  /** A machine whose agent has been silent for so long counts as frozen. */
  silenceSeconds?: number;
}

/** Agents speak every two seconds. */
const standardSilenceSeconds = 20;

/** Pause between two looks. */
const intervalMs = 1000;

/** Pause before an agent is started again: early in its boot a machine does not start services. */
const retryMs = 250;

/** Time in which a new agent must say its first word. */
const firstWordMs = 60_000;

type RunResult = { exitStatus: number; stdout: string; stderr: string };

interface Watched {
  machine: Machine;
  power: MachineStatus["power"];
  agent?: MachineAgent;
  heard: number;
  /** An agent that cannot start is not started again at once. */
  notBefore: number;
  answers: boolean;
  ready: boolean;
  health: MachineStatus["health"];
  scripts: MachineStatus["scripts"];
  requests: Map<number, { resolve: (result: RunResult) => void; reject: (error: Error) => void }>;
}

export class AgentPool {
  readonly #options: AgentPoolOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #requests = 0;
  #lookedAt = performance.now();
  #last = "";

  constructor(options: AgentPoolOptions) {
    this.#options = options;
  }

  /** Watches these machines from now on, with their settings of today, and no others. */
  watch(machines: Machine[]): void {
    const wanted = new Map(machines.map((machine) => [machine.id, machine]));
    for (const [id, watched] of this.#watched) if (!wanted.has(id)) this.#forget(watched);
    for (const machine of machines) {
      const watched = this.#watched.get(machine.id);
      if (!watched) {
        this.#watched.set(machine.id, {
          machine,
          power: "stopped",
          heard: 0,
          notBefore: 0,
          answers: false,
          ready: false,
          health: "Unknown",
          scripts: [],
          requests: new Map(),
        });
        continue;
      }
      watched.machine = machine;
      if (watched.agent) this.#configure(watched, watched.agent);
    }
    this.#timer ??= setInterval(() => this.look(), intervalMs).unref();
    this.#changed();
  }

  /** Looks which machines run, and gives those an agent that have none. */
  look(): void {
    // What the agents said while this process stood still has not been read yet: that time is not theirs.
    const now = performance.now();
    const stood = Math.max(0, now - this.#lookedAt - 2 * intervalMs);
    this.#lookedAt = now;
    for (const watched of this.#watched.values()) watched.heard += stood;
    const places = this.#options.locate([...this.#watched.values()].map(({ machine }) => machine));
    for (const watched of this.#watched.values()) this.#see(watched, places.get(watched.machine.id));
    this.#changed();
  }

  statuses(): MachineStatus[] {
    return [...this.#watched.values()].map((watched) => ({
      id: watched.machine.id,
      power: watched.power,
      ready: watched.answers && watched.ready,
      health: !watched.machine.health ? "None" : watched.answers ? watched.health : "Missing",
      scripts: watched.scripts.filter(({ id, sequence }) =>
        watched.machine.scripts.some((script) => script.id === id && script.sequence === sequence),
      ),
    }));
  }

  /** What the agent of the machine's present boot has said; `init` is that boot's. */
  heard(id: string, init: number | undefined): { answers: boolean; ready: boolean } {
    const watched = this.#watched.get(id);
    const answers = init !== undefined && watched?.agent?.init === init && watched.answers;
    return { answers, ready: answers && watched.ready };
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async run(machineId: string, script: string): Promise<RunResult> {
    const watched = this.#watched.get(machineId);
    if (!watched?.agent || !watched.answers) throw new Error(`${machineId}: its agent does not answer`);
    const { agent, requests } = watched;
    const request = ++this.#requests;
    return await new Promise((resolve, reject) => {
      requests.set(request, { resolve, reject });
      agent.send({ do: "run", request, script });
    });
  }

  /** Lets all agents go. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const watched of this.#watched.values()) this.#forget(watched);
  }

  #see(watched: Watched, place: AgentPlace | "starting" | "lost" | undefined): void {
    if (place === undefined || typeof place === "string") {
      watched.power = place ?? "stopped";
      watched.answers = false;
      return;
    }
    if (watched.power === "stopped" || watched.power === "lost") watched.power = "starting";
    // A machine that was started again has another init; the agent of the one before ends with it.
    if (watched.agent?.init !== place.init) this.#attach(watched, place);
    const quietMs = performance.now() - watched.heard;
    if (quietMs > (this.#options.silenceSeconds ?? standardSilenceSeconds) * 1000) watched.answers = false;
    // Asked too early in its boot, a machine may forget to start the service.
    if (watched.power === "starting" && watched.agent && quietMs > firstWordMs) watched.agent.kill();
  }

  #attach(watched: Watched, place: AgentPlace): void {
    if (performance.now() < watched.notBefore) return;
    watched.notBefore = performance.now() + retryMs;
    watched.agent?.stop();
    watched.ready = false;
    watched.answers = false;
    watched.power = "starting";
    watched.heard = performance.now();
    const agent: MachineAgent = new MachineAgent({
      ...place,
      onEvent: (event) => {
        if (watched.agent === agent) this.#hear(watched, event);
      },
      onEnd: (reason) => {
        if (watched.agent === agent) this.#lose(watched, reason);
      },
    });
    watched.agent = agent;
    watched.health = "Unknown";
    this.#configure(watched, agent);
  }

  #configure({ machine }: Watched, agent: MachineAgent): void {
    agent.send({ do: "configure", health: machine.health ?? null, scripts: machine.scripts });
  }

  #hear(watched: Watched, event: Event): void {
    watched.heard = performance.now();
    watched.answers = true;
    watched.power = "running";
    switch (event.event) {
      case "beat":
        break;
      case "ready":
        watched.ready = event.ready;
        break;
      case "health":
        watched.health = event.state;
        break;
      case "script": {
        const { id, sequence, exitStatus, stderr } = event;
        watched.scripts = [
          ...watched.scripts.filter((script) => script.id !== id),
          { id, sequence, exitStatus, stderr },
        ];
        break;
      }
      case "result": {
        const { request, exitStatus, stdout, stderr } = event;
        watched.requests.get(request)?.resolve({ exitStatus, stdout, stderr });
        watched.requests.delete(request);
        break;
      }
    }
    this.#changed();
  }

  #lose(watched: Watched, reason: string): void {
    watched.agent = undefined;
    watched.answers = false;
    this.#rejectRequests(watched, reason);
    this.#changed();
    setTimeout(() => this.look(), retryMs).unref();
  }

  #forget(watched: Watched): void {
    this.#watched.delete(watched.machine.id);
    const { agent } = watched;
    watched.agent = undefined;
    agent?.stop();
    this.#rejectRequests(watched, "the machine was deleted");
  }

  #rejectRequests({ machine, requests }: Watched, reason: string): void {
    for (const { reject } of requests.values()) reject(new Error(`${machine.name}: its agent has ended (${reason})`));
    requests.clear();
  }

  /** Tells the listeners, when the statuses are not what they were. */
  #changed(): void {
    const now = JSON.stringify(this.statuses());
    if (now === this.#last) return;
    this.#last = now;
    for (const listener of this.#listeners) listener();
  }
}
