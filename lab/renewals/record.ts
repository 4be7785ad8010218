/** What the suite has seen so far, kept as it goes so that a later call can go on with it. */
import { keepResults, lastResults, newResults, resultsAt, type Results } from "../results.ts";
import type { Service } from "./plan.ts";
import type { Replaced } from "./replacement.ts";
import type { Served } from "./tools.ts";

export interface Options {
  seed: number;
  days: number;
  stack: string;
  /** Connections a second. */
  rate: number;
}

/** Days without interruption of the suite. */
export interface Stretch {
  /** The first day that counts. */
  from: number;
  /** The day with which it began: certificates need their age. */
  first: number;
  to: number;
  /** Connections, and those that failed; of these the first ones are told. */
  requests: number;
  failed: number;
  failures: Failure[];
  hosts: Certificates[];
  /** What was seen to be away, and came back. */
  away: Service[];
}

export interface Failure {
  at: string;
  /** 0: no answer. */
  status: number;
  seconds: number;
  reason: string;
}

/** Of a host. */
export interface Certificates {
  host: string;
  /** Orders that the suite itself caused. */
  given: number;
  /** Orders that the authority has taken. */
  ordered: number;
  /** Certificates that were written into the vault; absent where the stretch was broken off. */
  written?: number;
}

/** A replacement or a wipe: what came of it, or why it could not be finished. */
export type Done<T> = { number: number; day: number } & (({ trouble?: undefined } & T) | { trouble: string });

export interface Wiped {
  machine: string;
  /** Until the files were there again; absent where they were not in time. */
  seconds?: number;
  vaultWasAway: boolean;
}

/** What a proxy has in the end. */
export interface End extends Served {
  proxy: string;
  /** Serial number of what the vault has. */
  wanted: string;
}

interface Kept extends Results {
  options: Options;
  hosts: string[];
  stretches: Stretch[];
  replacements: Done<Replaced>[];
  wipes: Done<Wiped>[];
  ends: End[];
}

export class RenewalsRecord {
  readonly directory: string;
  readonly #kept: Kept;

  private constructor(directory: string, kept: Kept) {
    this.directory = directory;
    this.#kept = kept;
  }

  /** Begins one in a folder of its own. */
  static begin(folder: string, options: Options, hosts: string[], now = new Date()): RenewalsRecord {
    const kept = { options, finished: false, hosts, stretches: [], replacements: [], wipes: [], ends: [] };
    const record = new RenewalsRecord(newResults(folder, now), kept);
    record.keep();
    return record;
  }

  /** The last one that is not finished, or the one at a path, without what could not be finished. */
  static last(folder: string, path?: string): RenewalsRecord {
    const { directory, ...kept } = path === undefined ? lastResults<Kept>(folder) : resultsAt<Kept>(path, folder);
    const whole = <T>(done: Done<T>[]) => done.filter(({ trouble }) => trouble === undefined);
    return new RenewalsRecord(directory, {
      ...kept,
      replacements: whole(kept.replacements),
      wipes: whole(kept.wipes),
      ends: [],
    });
  }

  get options(): Options {
    return this.#kept.options;
  }

  get hosts(): readonly string[] {
    return this.#kept.hosts;
  }

  get stretches(): readonly Stretch[] {
    return this.#kept.stretches;
  }

  get replacements(): readonly Done<Replaced>[] {
    return this.#kept.replacements;
  }

  get wipes(): readonly Done<Wiped>[] {
    return this.#kept.wipes;
  }

  get ends(): readonly End[] {
    return this.#kept.ends;
  }

  get finished(): boolean {
    return this.#kept.finished;
  }

  /** The last day that was seen. */
  get reached(): number {
    const last = this.stretches.at(-1);
    return last ? Math.max(last.from, last.to) : 0;
  }

  /** A stretch that changes as it goes; `keep` keeps it. */
  begin(stretch: Stretch): void {
    this.#kept.stretches.push(stretch);
    this.keep();
  }

  add(what: "replacements", done: Done<Replaced>): void;
  add(what: "wipes", done: Done<Wiped>): void;
  add(what: "replacements" | "wipes", done: Done<Replaced> | Done<Wiped>): void {
    (this.#kept[what] as Done<unknown>[]).push(done);
    this.keep();
  }

  /** To be called once nothing is left to do. */
  finish(ends: End[]): void {
    Object.assign(this.#kept, { ends, finished: true });
    this.keep();
  }

  keep(): void {
    keepResults(this.directory, this.#kept);
  }
}
