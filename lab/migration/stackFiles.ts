/** The stack files of a migration: copies of the project's own, with the lines of a step. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { dump } from "js-yaml";
import { isObject, type StackFile } from "../cli/stackFile.ts";
import { readStackFile, stacks } from "../cli/stacks.ts";
import { root } from "../paths.ts";
import { now, type Changes, type Stack, type State } from "./steps.ts";

/** What is not known before a migration begins. */
export interface Known {
  /** Path of the folder with the zone files, from the project's folder. */
  zones: string;
  /** The moment at which the old provider's time to live was lowered. */
  loweredAt: string;
}

/** The file with values at paths under `platform:environment`; null takes a line out. */
export function changed(file: StackFile, changes: Changes, { zones, loweredAt }: Known): StackFile {
  const made = structuredClone(file);
  const known = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll("<zones>", zones).replaceAll(now, loweredAt)) as unknown;
  for (const [path, value] of Object.entries(changes)) {
    const names = ["platform:environment", ...path.split(".")];
    const last = names.pop() ?? "";
    let place = (made.config ??= {});
    for (const name of names) {
      const next = (place[name] ??= {});
      if (!isObject(next)) throw new Error(`${path}: ${name} has a value and no settings of its own`);
      place = next;
    }
    if (value === null) delete place[last];
    else place[last] = known(value);
  }
  return made;
}

/** Writes all stack files of the project into a folder, with what a state changes in them. */
export function writeStackFiles(directory: string, { files }: Pick<State, "files">, known: Known): void {
  mkdirSync(directory, { recursive: true });
  for (const stack of stacks(root)) {
    const changes = files[stack as Stack] ?? {};
    writeFileSync(
      join(directory, `Pulumi.${stack}.yaml`),
      dump(changed(readStackFile(root, stack), changes, known), { lineWidth: -1, noRefs: true }),
    );
  }
}

/** A folder's path as stack files name it. */
export const inProject = (directory: string): string => relative(root, directory);
