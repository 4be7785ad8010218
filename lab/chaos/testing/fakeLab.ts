/** An environment that answers, breaks and mends by itself, in the time of a fake clock. */
import type { StackStatus } from "../../cli/status.ts";
import type { LiveSettings, MissingHealth } from "../../liveSettings.ts";
import type { RequestRecord } from "../history.ts";
import type { LoadPlan } from "../load.ts";
import type { Machine } from "../sightings.ts";
import type { Tools } from "../tools.ts";
import { FakeClock } from "./fakeClock.ts";
import { start } from "./histories.ts";

export function machine(tier: string, number: number, more: Partial<Machine> = {}): Machine {
  const name = `${tier}_${number}`;
  return {
    name,
    hostName: `${tier}00${number}`,
    stack: "dev",
    tier,
    address: `10.20.1.${number + 3}`,
    state: "running",
    health: "Healthy",
    releases: {},
    namespace: `lab-m-${tier}${number}`,
    ...more,
  };
}

/** A load balancer for each kind, with all of its machines. */
export function status(machines: Machine[], down: string[] = [], policy = "hash"): StackStatus {
  const tiers = [...new Set(machines.map(({ tier }) => tier))];
  return {
    stack: "dev",
    machines,
    groups: tiers.map((tier) => {
      const its = machines.filter((one) => one.tier === tier && one.state !== "terminating");
      return { tier, wanted: its.length, running: its.length, repairs: "Running" as const };
    }),
    publicAddresses: [],
    urls: ["http://api.dev.example/", "http://www.dev.example/"],
    loadBalancers: tiers.map((tier) => ({
      name: `lb-${tier}`,
      tier,
      address: "10.20.1.254",
      port: 3000,
      policy,
      probe: { interval: 5, threshold: 2 },
      members: machines
        .filter((one) => one.tier === tier)
        .map(({ name }) => ({ machine: name, state: down.includes(name) ? ("down" as const) : ("up" as const) })),
    })),
  };
}

export interface FakeLabOptions {
  /** What runs, by the milliseconds since the last kill of a machine; before it, everything. */
  status: (sinceKill: number | undefined) => StackStatus;
  /** What is unlike a good answer, by the milliseconds since the last kill, the request's number and the rate. */
  answer?: (sinceKill: number | undefined, number: number, rate: number) => Partial<RequestRecord>;
  /** Called with each command before it is done; may throw. */
  onCommand?: (command: string) => void;
  kept?: (ids: string) => string[];
  settings?: Partial<LiveSettings>;
}

export class FakeLab implements Tools {
  readonly clock = new FakeClock(start);
  /** Everything that was done, in its order. */
  readonly commands: string[] = [];
  readonly said: string[] = [];
  #killedAt: number | undefined;
  readonly #options: FakeLabOptions;

  constructor(options: FakeLabOptions) {
    this.#options = options;
  }

  async status(): Promise<StackStatus> {
    await Promise.resolve();
    return this.#options.status(this.#sinceKill(this.clock.nowMs()));
  }

  settings(): Promise<LiveSettings> {
    return Promise.resolve({
      missingHealth: "repaired",
      serviceHealingSeconds: 90,
      repairGraceSeconds: 30,
      vault: "whole",
      acme: "up",
      acmeDaySeconds: 86_400,
      ...this.#options.settings,
    });
  }

  readMissingHealth(reading: MissingHealth): void {
    void this.#do(`missing health is ${reading}`, () => {});
  }

  kill(name: string, how: string): Promise<number> {
    return this.#do(`kill ${name} ${how}`, () => {
      if (!["thaw", "join", "fast", "free"].includes(how)) this.#killedAt ??= this.clock.nowMs();
      return this.clock.nowMs();
    });
  }

  sudo(name: string, script: string): Promise<string> {
    return this.#do(
      `sudo ${name} ${script.includes("systemctl kill") ? "reload" : script.trim().split("\n")[0]}`,
      () => "600\n",
    );
  }

  playbook(kind: string, variables?: Record<string, unknown>): Promise<void> {
    return this.#do(`playbook ${kind} ${variables ? JSON.stringify(variables) : "as it is"}`, () => {});
  }

  up(settings?: Record<string, string | number>): Promise<void> {
    return this.#do(`up ${JSON.stringify(settings ?? {})}`, () => {});
  }

  load(plan: LoadPlan): ReturnType<Tools["load"]> {
    this.#note(`load in ${plan.namespace}`);
    const from = this.clock.nowMs();
    let end: number | undefined;
    return {
      records: () => Promise.resolve(this.#history(from, end ?? this.clock.nowMs(), plan)),
      stop: () => {
        if (end === undefined) this.#note("load ends");
        end ??= this.clock.nowMs();
        return Promise.resolve();
      },
    };
  }

  kept(ids: string): Promise<string[]> {
    return this.#do(`kept`, () => this.#options.kept?.(ids) ?? []);
  }

  say(message: string): void {
    this.said.push(message);
  }

  /** A request each 1/rate s, each 20th a write. */
  #history(from: number, stopped: number, { rate, ids, longestSeconds }: LoadPlan): RequestRecord[] {
    const end = Math.min(stopped, from + longestSeconds * 1000);
    return Array.from({ length: Math.floor(((end - from) / 1000) * rate) }, (_, index): RequestRecord => {
      const planned = from + (index * 1000) / rate;
      const write =
        index % 20 === 0 ? { method: "POST", status: 201, id: `${ids}-${index}` } : { method: "GET", status: 200 };
      return {
        planned,
        sent: planned,
        latency: 10,
        passed: [],
        ...write,
        ...this.#options.answer?.(this.#sinceKill(planned), index, rate),
      };
    });
  }

  #sinceKill(at: number): number | undefined {
    return this.#killedAt === undefined || at < this.#killedAt ? undefined : at - this.#killedAt;
  }

  #note(command: string): void {
    this.commands.push(command);
    this.#options.onCommand?.(command);
  }

  async #do<T>(command: string, work: () => T): Promise<T> {
    this.#note(command);
    await Promise.resolve();
    return work();
  }
}

/** Answers of servers that do so much a second, and refuse the rest at once. */
export function shedding(capacity: number, number: number, rate: number): Partial<RequestRecord> {
  const share = capacity / rate;
  return Math.floor((number + 1) * share) > Math.floor(number * share) || share >= 1 ? {} : { status: 503, latency: 3 };
}
