/** What a suite has done so far, kept as it goes so that a later call can go on with it. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeAtomically } from "../files.ts";
import type { MissingHealth } from "../liveSettings.ts";
import type { Run } from "./report.ts";

/** What a suite was asked for. */
export interface Options {
  only: string[];
  runs: number;
  rate: number;
  seed: number;
  stack: string;
  patience: number;
  missingHealth?: MissingHealth | "both";
}

export class SuiteRecord {
  readonly directory: string;
  readonly options: Options;
  readonly runs: Run[];

  private constructor(directory: string, options: Options, runs: Run[]) {
    this.directory = directory;
    this.options = options;
    this.runs = runs;
  }

  /** Begins one in a folder of its own. */
  static begin(folder: string, options: Options, now = new Date()): SuiteRecord {
    const directory = join(folder, now.toISOString().replaceAll(":", "-"));
    mkdirSync(directory, { recursive: true });
    const record = new SuiteRecord(directory, options, []);
    record.#keep();
    return record;
  }

  /**
   * The one that was begun last. A run that could not be finished is forgotten.
   *
   * @throws where there is none.
   */
  static last(folder: string): SuiteRecord {
    const directory = (existsSync(folder) ? readdirSync(folder) : [])
      .sort()
      .map((name) => join(folder, name))
      .findLast((one) => readIfThere(fileIn(one)) !== undefined);
    if (directory === undefined) throw new Error(`no suite was begun: nothing is in ${folder}`);
    const { options, runs } = JSON.parse(readFileSync(fileIn(directory), "utf8")) as SuiteRecord;
    return new SuiteRecord(
      directory,
      options,
      runs.filter(({ report }) => report),
    );
  }

  has(experiment: string, run: number): boolean {
    return this.runs.some((one) => one.experiment === experiment && one.run === run);
  }

  add(run: Run): void {
    this.runs.push(run);
    this.#keep();
  }

  #keep(): void {
    const { options, runs } = this;
    writeAtomically(fileIn(this.directory), `${JSON.stringify({ options, runs }, null, 2)}\n`);
  }
}

const fileIn = (directory: string) => join(directory, "results.json");
