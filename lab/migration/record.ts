/** What the suite has done so far, kept as it goes so that a later call can go on with it. */
import type { Capacity } from "../chaos/capacity.ts";
import type { Run } from "../chaos/report.ts";
import { keepResults, lastResults, newResults, resultsAt, type Results } from "../results.ts";

export interface Options {
  /** The three environments, else dev alone. */
  all: boolean;
  /** Steps that are judged; none: all. */
  only: string[];
  /** Share of the capacity; the rate instead, in requests a second, where it is given. */
  share: number;
  rate?: number;
  seed: number;
}

/** Moments, in milliseconds since 1970. */
export interface Moments {
  /** When the old provider's time to live was lowered. */
  lowered?: number;
  /** When the registry was told another provider. */
  registered?: number;
}

interface Kept extends Results {
  options: Options;
  /** Of the tiers, and of the way to the old host, as far as they were measured. */
  capacity: { tiers?: Capacity; old?: Capacity };
  moments: Moments;
  /** Names of the steps that have been made, judged or not. */
  made: string[];
  runs: Run[];
}

export class MigrationRecord {
  readonly directory: string;
  readonly #kept: Kept;

  private constructor(directory: string, kept: Kept) {
    this.directory = directory;
    this.#kept = kept;
  }

  /** Begins one in a folder of its own. */
  static begin(folder: string, options: Options, now = new Date()): MigrationRecord {
    const kept = { options, finished: false, capacity: {}, moments: {}, made: [], runs: [] };
    const record = new MigrationRecord(newResults(folder, now), kept);
    record.#keep();
    return record;
  }

  /** The last one that is not finished, or the one at a path, without steps that could not be finished. */
  static last(folder: string, path?: string): MigrationRecord {
    const { directory, ...kept } = path === undefined ? lastResults<Kept>(folder) : resultsAt<Kept>(path, folder);
    return new MigrationRecord(directory, { ...kept, runs: kept.runs.filter(({ report }) => report) });
  }

  get options(): Options {
    return this.#kept.options;
  }

  get capacity(): Readonly<Kept["capacity"]> {
    return this.#kept.capacity;
  }

  get moments(): Readonly<Moments> {
    return this.#kept.moments;
  }

  get made(): readonly string[] {
    return this.#kept.made;
  }

  get runs(): readonly Run[] {
    return this.#kept.runs;
  }

  measured(what: keyof Kept["capacity"], capacity: Capacity): void {
    this.#kept.capacity[what] = capacity;
    this.#keep();
  }

  at(what: keyof Moments, moment: number): void {
    this.#kept.moments[what] = moment;
    this.#keep();
  }

  make(step: string): void {
    this.#kept.made.push(step);
    this.#keep();
  }

  add(run: Run): void {
    this.#kept.runs.push(run);
    this.#keep();
  }

  /** To be called once nothing is left to do. */
  finish(): void {
    this.#kept.finished = this.runs.every(({ report }) => report);
    this.#keep();
  }

  #keep(): void {
    keepResults(this.directory, this.#kept);
  }
}

/** Requests a second: of the weaker of the two ways, since a step may send all clients by either. */
export function rateOf({ share, rate }: Options, { tiers, old }: Kept["capacity"]): number | undefined {
  if (rate !== undefined) return rate;
  return tiers && old ? Math.max(1, Math.round(share * Math.min(tiers.rate, old.rate))) : undefined;
}
