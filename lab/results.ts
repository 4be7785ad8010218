/** What a suite that takes long has found, kept as it goes, in a folder for each suite, so that a later call goes on with it. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeAtomically } from "./files.ts";

/** What is kept of a suite. */
export interface Results {
  /** Nothing is left to do. */
  finished: boolean;
}

/** Makes the folder of a suite that begins now; returns its path. */
export function newResults(folder: string, now = new Date()): string {
  const directory = join(folder, now.toISOString().replaceAll(":", "-"));
  mkdirSync(directory, { recursive: true });
  return directory;
}

export function keepResults(directory: string, results: Results): void {
  writeAtomically(fileIn(directory), `${JSON.stringify(results, null, 2)}\n`);
}

/**
 * Of the suites that are not finished, the one that was begun last.
 *
 * @throws where there is none.
 */
export function lastResults<Kept extends Results>(folder: string): Kept & { directory: string } {
  const open = (existsSync(folder) ? readdirSync(folder) : []).sort().flatMap((name) => {
    const directory = join(folder, name);
    const kept = JSON.parse(readIfThere(fileIn(directory)) ?? "{}") as Partial<Kept>;
    return kept.finished === false ? [{ ...(kept as Kept), directory }] : [];
  });
  const last = open.at(-1);
  if (!last) throw new Error(`there is no suite to go on with: all in ${folder} are finished`);
  return last;
}

const fileIn = (directory: string) => join(directory, "results.json");
