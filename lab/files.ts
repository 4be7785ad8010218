/** Files that other processes read while they are written: they see the old content or the new one, never a part. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

let writes = 0;

/** A name beside the file that no other write uses. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${++writes}.new`;
}

/** Replaces the file's content. Readable by its owner only, unless `mode` says otherwise. */
export function writeAtomically(path: string, content: string, mode = 0o600): void {
  const fresh = temporaryName(path);
  writeFileSync(fresh, content, { mode });
  renameSync(fresh, path);
}

/** The file's content; made by the first process that asks, also when two ask at once. Readable by its owner only. */
export function readOrCreate(path: string, make: () => string): string {
  const found = readIfThere(path);
  if (found !== undefined) return found;
  const fresh = temporaryName(path);
  writeFileSync(fresh, make(), { mode: 0o600 });
  try {
    linkSync(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(fresh);
  }
  return readFileSync(path, "utf8");
}

/** The file's content, undefined where there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
