/**
 * Locks on files. The kernel releases a lock when the last process that has the file open has ended, however it ended:
 * this process, and those to which it hands the open file.
 */
import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface Lock {
  /** File descriptor, to hand to a child process that must hold the lock too. */
  fd: number;
  /** Lets go of it; processes that were handed it still hold it. */
  release(): void;
}

/** Takes the lock, and makes its file; returns undefined when another process has it. */
export function tryLock(path: string): Lock | undefined {
  const fd = openSync(path, "a", 0o600);
  // Node.js has no flock(2). The lock is the open file's, so it stays when flock(1) has ended.
  const { status, stderr, error } = spawnSync("flock", ["--nonblock", "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
    encoding: "utf8",
  });
  // Where the file was removed meanwhile, the lock would be on a file that no other process opens any more.
  if (status === 0 && isStill(path, fd)) return { fd, release: () => closeSync(fd) };
  closeSync(fd);
  if (status !== 0 && status !== 1)
    throw new Error(`flock, of the package util-linux: ${error?.message ?? stderr.trim()}: ${path}`);
  return undefined;
}

/** Takes the lock as soon as no other process has it. */
export async function lock(path: string, onWait: () => void): Promise<Lock> {
  const waiting = setTimeout(onWait, 1000);
  try {
    for (;;) {
      const taken = tryLock(path);
      if (taken) return taken;
      await sleep(200);
    }
  } finally {
    clearTimeout(waiting);
  }
}

function isStill(path: string, fd: number): boolean {
  const { dev, ino } = fstatSync(fd);
  const now = statSync(path, { throwIfNoEntry: false });
  return now?.dev === dev && now.ino === ino;
}
