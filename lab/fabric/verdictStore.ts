/**
 * The last verdict of each probe on each machine, `<state>/run/probes.json`. Verdicts survive the daemon: a new one must
 * not empty the load balancers while it probes anew.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeAtomically } from "../files.ts";
import type { VerdictChange } from "./prober.ts";

type Judged = Pick<VerdictChange, "probeId" | "machineId">;

export class VerdictStore {
  readonly #file: string;
  readonly #known: Map<string, VerdictChange>;

  constructor(stateDir: string) {
    this.#file = join(stateDir, "run", "probes.json");
    this.#known = new Map(read(this.#file).map((change) => [key(change), change]));
  }

  /** Undefined where the probe has not judged the machine yet. */
  isUp(probeId: string, machineId: string): boolean | undefined {
    return this.#known.get(key({ probeId, machineId }))?.up;
  }

  all(): VerdictChange[] {
    return [...this.#known.values()];
  }

  set(change: VerdictChange): void {
    this.#known.set(key(change), change);
  }

  save(): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeAtomically(this.#file, JSON.stringify(this.all()));
  }

  /** Forgets verdicts on everything else, and saves the others; false where there was nothing to forget. */
  keep(judged: readonly Judged[]): boolean {
    const kept = new Set(judged.map(key));
    const gone = [...this.#known.keys()].filter((one) => !kept.has(one));
    for (const one of gone) this.#known.delete(one);
    if (gone.length > 0) this.save();
    return gone.length > 0;
  }

  clear(): void {
    this.#known.clear();
  }
}

function key({ probeId, machineId }: Judged): string {
  return `${probeId} ${machineId}`;
}

function read(file: string): VerdictChange[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as VerdictChange[];
  } catch {
    return [];
  }
}
