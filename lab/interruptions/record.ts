/** What the suite has done so far, kept as it goes so that a later call can go on with it. */
import { verdictText } from "../chaos/report.ts";
import { table } from "../cli/table.ts";
import { keepResults, lastResults, newResults, resultsAt, type Results } from "../results.ts";
import type { Interruption } from "./interruption.ts";
import type { Round } from "./plan.ts";

export interface Options {
  seed: number;
  rounds: number;
  stack: string;
}

/** A round that was done. */
export interface Done {
  round: number;
  form: Round["form"];
  work: string;
  how: Round["how"];
  interruption?: Interruption;
  /** Why it could not be finished. */
  trouble?: string;
}

interface Kept extends Results {
  options: Options;
  /** Name of the stack's vault: that of one which was destroyed is taken. */
  vault: string;
  /** What a build took on this host, in seconds. */
  build?: number;
  /** What works took that ended before they were killed, in seconds, by their forms and names. */
  took: Record<string, number>;
  done: Done[];
}

export class InterruptionsRecord {
  readonly directory: string;
  readonly #kept: Kept;

  private constructor(directory: string, kept: Kept) {
    this.directory = directory;
    this.#kept = kept;
  }

  /** Begins one in a folder of its own. */
  static begin(folder: string, options: Options, now = new Date()): InterruptionsRecord {
    const record = new InterruptionsRecord(newResults(folder, now), {
      options,
      finished: false,
      vault: vaultName(now),
      took: {},
      done: [],
    });
    record.#keep();
    return record;
  }

  /** The last one that is not finished, or the one at a path, without rounds that could not be finished. */
  static last(folder: string, path?: string): InterruptionsRecord {
    const { directory, ...kept } = path === undefined ? lastResults<Kept>(folder) : resultsAt<Kept>(path, folder);
    // Before 0.6.0 all were rounds of bin/lab up.
    if (kept.done.some(({ form }: Partial<Done>) => form === undefined))
      throw new Error(
        `--continue: given ${directory}, whose rounds tell no form, allowed is a suite of this version; begin a new one`,
      );
    return new InterruptionsRecord(directory, { ...kept, done: kept.done.filter(({ interruption }) => interruption) });
  }

  get options(): Options {
    return this.#kept.options;
  }

  get vault(): string {
    return this.#kept.vault;
  }

  /** Another name: to be called when the stack is destroyed. */
  nameVault(now = new Date()): void {
    this.#kept.vault = vaultName(now);
    this.#keep();
  }

  get build(): number | undefined {
    return this.#kept.build;
  }

  get done(): readonly Done[] {
    return this.#kept.done;
  }

  has(round: number): boolean {
    return this.done.some((one) => one.round === round);
  }

  built(seconds: number): void {
    this.#kept.build = seconds;
    this.#keep();
  }

  /** What the work takes on this host, as far as it was seen. */
  took({ form, work }: Pick<Round, "form" | "work">): number | undefined {
    return this.#kept.took[`${form}: ${work.name}`];
  }

  ended({ form, work }: Pick<Round, "form" | "work">, seconds: number): void {
    this.#kept.took[`${form}: ${work.name}`] = seconds;
    this.#keep();
  }

  add(done: Done): void {
    this.#kept.done.push(done);
    this.#keep();
  }

  /** To be called once nothing is left to do. */
  finish(): void {
    this.#kept.finished = this.done.every(({ interruption }) => interruption);
    this.#keep();
  }

  #keep(): void {
    keepResults(this.directory, this.#kept);
  }
}

const vaultName = (now: Date) => `kv-${now.getTime().toString(36)}`;

/** The rounds as a table. */
export function roundsText(done: readonly Done[]): string {
  const rows = done.map(({ round, form, work, how, interruption: found, trouble }) => [
    String(round),
    form,
    work,
    how,
    found ? found.killedAfter.toFixed(1) : "-",
    found ? nextText(found) : "-",
    found?.verdicts.every(({ met }) => met) ? "completed" : (trouble ?? "MISSED"),
    found?.lastLine.slice(0, 60) ?? "",
  ]);
  return table(["round", "form", "work", "killed", "after s", "next up s", "outcome", "it had said last"], rows);
}

const nextText = ({ next, recovered, resumed }: Interruption) =>
  [next.toFixed(0), ...(recovered ? ["taken up"] : []), ...(resumed ? ["resumed"] : [])].join(", ");

/** What was missed, or could not be found out: one line each. */
export function missed(done: readonly Done[]): string[] {
  return done.flatMap(({ round, work, interruption, trouble }) => [
    ...(trouble === undefined ? [] : [`${round}, ${work}: not finished: ${trouble}`]),
    ...(interruption?.verdicts ?? [])
      .filter(({ met }) => !met)
      .map((verdict) => `${round}, ${work}: ${verdictText(verdict)}`),
  ]);
}
