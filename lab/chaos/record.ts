/** What a suite has done so far, kept as it goes so that a later call can go on with it. */
import type { MissingHealth } from "../liveSettings.ts";
import { keepResults, lastResults, newResults, resultsAt, type Results } from "../results.ts";
import type { Capacity } from "./capacity.ts";
import type { Run } from "./report.ts";

/** What a suite was asked for. */
export interface Options {
  only: string[];
  runs: number;
  /** Share of the capacity at which experiments run; the rate instead, in requests a second, where it is given. */
  share: number;
  rate?: number;
  seed: number;
  stack: string;
  patience: number;
  missingHealth: MissingHealth | "both";
}

interface Kept extends Results {
  options: Options;
  /** What the environment can do, once it was measured. */
  capacity?: Capacity;
  runs: Run[];
}

export class SuiteRecord {
  readonly directory: string;
  readonly options: Options;
  readonly runs: Run[];
  #capacity: Capacity | undefined;

  private constructor(directory: string, { options, runs, capacity }: Omit<Kept, "finished">) {
    this.directory = directory;
    this.options = options;
    this.runs = runs;
    this.#capacity = capacity;
  }

  /** Begins one in a folder of its own. */
  static begin(folder: string, options: Options, now = new Date()): SuiteRecord {
    const record = new SuiteRecord(newResults(folder, now), { options, runs: [] });
    record.#keep(false);
    return record;
  }

  /**
   * Of the suites that are not finished, the one that was begun last, or the one that is kept at a path. A run that could
   * not be finished is forgotten.
   *
   * @throws where there is none.
   */
  static last(folder: string, path?: string): SuiteRecord {
    const last = path === undefined ? lastResults<Kept>(folder) : resultsAt<Kept>(path, folder);
    return new SuiteRecord(last.directory, { ...last, runs: last.runs.filter(({ report }) => report) });
  }

  has(experiment: string, run: number): boolean {
    return this.runs.some((one) => one.experiment === experiment && one.run === run);
  }

  add(run: Run): void {
    this.runs.push(run);
    this.#keep(false);
  }

  get capacity(): Capacity | undefined {
    return this.#capacity;
  }

  /** Keeps what was measured: all experiments of the suite scale with it. */
  measured(capacity: Capacity): void {
    this.#capacity = capacity;
    this.#keep(false);
  }

  /** To be called once nothing is left to run; `all` is whether it was everything that the suite was asked for. */
  finish(all = true): void {
    this.#keep(all && this.runs.every(({ report }) => report));
  }

  #keep(finished: boolean): void {
    const { options, runs, capacity } = this;
    const kept: Kept = { options, finished, capacity, runs };
    keepResults(this.directory, kept);
  }
}
