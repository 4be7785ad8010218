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
  for (const { file, stack } of locks(backend)) {
    const dead = deadOwner(file);
    if (!dead) continue;
    const owner = `a Pulumi that was killed (process ${dead.pid}, ${dead.timestamp})`;
    say(`stack ${stack} was locked by ${owner}; its lock is cancelled`);
    for (const part of [file, `${file}.attrs`]) rmSync(part, { force: true });
  }
}

/** Whether a Pulumi that may still run has locked the stack. */
export function isLocked(backend: string, stack: string): boolean {
  return locks(backend).some((lock) => lock.stack === stack && !deadOwner(lock.file));
}

function locks(backend: string): { file: string; stack: string }[] {
  const directory = join(backend, ".pulumi", "locks");
  return filesBelow(directory)
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ file: join(directory, name), stack: basename(dirname(name)) }));
}

/** What the lock says, where a Pulumi of this host made it that runs no more. */
function deadOwner(file: string): Content | undefined {
  const content = read(file);
  return content && content.hostname === hostname() && !isPulumi(content.pid) ? content : undefined;
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

/**
 * Whether the process is a Pulumi that runs; another program may have got the ID of one that has ended, and in a container
 * nobody may have asked for its status.
 */
function isPulumi(pid: number): boolean {
  try {
    return /^\d+ \(pulumi\) [^ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
