/** The daemon's side of the load balancer probes: one process per network, started again when it dies. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Probe, VirtualNetwork, World } from "../world.ts";
import { inside } from "./namespace.ts";
import { netnsName } from "./names.ts";

/** A machine as seen by one probe. */
export interface Target {
  probeId: string;
  machineId: string;
  address: string;
  protocol: Probe["protocol"];
  port: number;
  path?: string;
  /** Seconds. */
  interval: number;
  threshold: number;
  /** The verdict so far. */
  up?: boolean;
}

export interface VerdictChange {
  probeId: string;
  machineId: string;
  up: boolean;
}

/** Every machine of a network that a load balancer must probe; the same probe of two rules is one. */
export function targets(world: World, network: VirtualNetwork): Target[] {
  const machines = new Map(world.machines.map((machine) => [machine.id, machine]));
  const found = new Map<string, Target>();
  for (const rule of world.loadBalancers.flatMap(({ rules }) => rules)) {
    if (!rule.probe || rule.networkId !== network.id) continue;
    const { id, protocol, port, path, interval, threshold } = rule.probe;
    for (const machineId of rule.members) {
      const machine = machines.get(machineId);
      if (!machine) continue;
      found.set(`${id} ${machineId}`, {
        probeId: id,
        machineId,
        address: machine.address,
        protocol,
        port,
        path,
        interval,
        threshold,
      });
    }
  }
  return [...found.values()];
}

export class Prober {
  private readonly network: VirtualNetwork;
  private readonly onVerdict: (change: VerdictChange) => void;
  private readonly known: (target: Target) => boolean | undefined;
  private current = "[]";
  private child: ChildProcess | undefined;
  private restart: NodeJS.Timeout | undefined;
  private wanted: readonly Target[] = [];

  constructor(
    network: VirtualNetwork,
    known: (target: Target) => boolean | undefined,
    onVerdict: (change: VerdictChange) => void,
  ) {
    this.network = network;
    this.known = known;
    this.onVerdict = onVerdict;
  }

  /** Probes these, and only these, from now on. */
  set(wanted: readonly Target[]): void {
    const text = JSON.stringify(wanted);
    if (text === this.current && (this.child || this.restart || wanted.length === 0)) return;
    this.current = text;
    this.wanted = wanted;
    if (!this.child && wanted.length > 0) this.start();
    else this.send();
  }

  stop(): void {
    clearTimeout(this.restart);
    this.wanted = [];
    this.child?.removeAllListeners("exit");
    this.child?.kill("SIGKILL");
    this.child = undefined;
  }

  private start(): void {
    clearTimeout(this.restart);
    this.restart = undefined;
    const program = join(import.meta.dirname, "proberProcess.ts");
    const [command = "", ...args] = [...inside(netnsName(this.network.id)), process.execPath, program];
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.child = child;
    child.stdin.on("error", () => {});
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (this.child === child) this.onVerdict(JSON.parse(line) as VerdictChange);
    });
    const again = () => {
      if (this.child !== child) return;
      this.child = undefined;
      this.restart = setTimeout(() => this.start(), 1000);
    };
    child.on("error", again);
    child.on("exit", again);
    this.send();
  }

  private send(): void {
    const lines = this.wanted.map((target) => ({ ...target, up: this.known(target) }));
    this.child?.stdin?.write(`${JSON.stringify(lines)}\n`);
  }
}
