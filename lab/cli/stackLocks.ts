/**
 * Pulumi's locks on stacks in a file backend, `<backend>/.pulumi/locks/organization/<project>/<stack>/<id>.json`. A
 * Pulumi that was killed leaves its own behind, and every later one refuses to work.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

interface Content {
  pid: number;
  hostname: string;
  timestamp: string;
}

/** Removes the locks whose Pulumi runs no more, as `pulumi cancel` would, and tells of each. */
export function cancelDeadLocks(backend: string, say: (message: string) => void): void {
  const locks = join(backend, ".pulumi", "locks");
  for (const file of filesBelow(locks).filter((name) => name.endsWith(".json"))) {
    const content = read(join(locks, file));
    if (!content || content.hostname !== hostname() || isPulumi(content.pid)) continue;
    say(
      `stack ${basename(dirname(file))} was locked by a Pulumi that was killed (process ${content.pid}, ${content.timestamp}); its lock is cancelled`,
    );
    for (const part of [file, `${file}.attrs`]) rmSync(join(locks, part), { force: true });
  }
}

/** Whether a stack has a lock. */
export function isLocked(backend: string, stack: string): boolean {
  return filesBelow(join(backend, ".pulumi", "locks")).some(
    (name) => name.endsWith(".json") && basename(dirname(name)) === stack,
  );
}

function filesBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
}

/** The lock's content; undefined where the file is gone, or being written. */
function read(file: string): Content | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Content;
  } catch {
    return undefined;
  }
}

/** Whether the process is a Pulumi; another program may have got the ID of one that has ended. */
function isPulumi(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi";
  } catch {
    return false;
  }
}
