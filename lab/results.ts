/** What a suite that takes long has found, kept as it goes, in a folder for each suite, so that a later call goes on with it. */
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
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

/**
 * What was kept in a folder, or in a file that was copied from one, which a folder of its own is made for.
 *
 * @param folder Where that is made.
 * @throws where it is no record, or one that is finished.
 */
export function resultsAt<Kept extends Results>(
  path: string,
  folder: string,
  now = new Date(),
): Kept & { directory: string } {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const file = isFolder ? fileIn(path) : path;
  const text = readIfThere(file);
  if (text === undefined)
    throw new Error(`--record: given ${path}, allowed is a folder with results.json, or such a file`);
  const { finished, ...kept } = parsed<Kept>(text, file);
  if (finished !== false) throw new Error(`--record: given ${path}, a suite with nothing left to do`);
  const directory = basename(file) === basename(fileIn("")) ? resolve(dirname(file)) : newResults(folder, now);
  return { ...(kept as Kept), finished, directory };
}

function parsed<Kept>(text: string, file: string): Partial<Kept & Results> {
  try {
    return JSON.parse(text) as Partial<Kept & Results>;
  } catch (cause) {
    throw new Error(`--record: ${file} is no record of a suite`, { cause });
  }
}

const fileIn = (directory: string) => join(directory, "results.json");
