/**
 * The daemon's process: at most one at a time. It holds a lock from before its first instruction to its end, so one that
 * is starting or stopping is known as well as one that answers.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lock, tryLock } from "../fabric/lock.ts";
import { isAlive, readPid, writePid } from "../fabric/pidFile.ts";

export interface DaemonProcess {
  command: readonly string[];
  /** Tells the daemon's process ID; locked as long as it lives, and while nobody may start one. */
  pidFile: string;
  logFile: string;
  /** The process ID of a daemon that serves. */
  answers: () => Promise<number | undefined>;
  /** Throws where the daemon could not run; asked before each start. */
  check: () => Promise<void>;
}

/** Starts the daemon unless there is one, and shows its progress until it answers. */
export async function startOnce(daemon: DaemonProcess, show: (text: string) => void): Promise<void> {
  let started: ChildProcess | undefined;
  let told = false;
  let shown = statSync(daemon.logFile, { throwIfNoEntry: false })?.size ?? 0;
  const showProgress = () => {
    const text = readLog(daemon.logFile);
    show(text.toString("utf8", shown));
    shown = text.length;
  };
  while ((await daemon.answers()) === undefined) {
    if (started && (started.exitCode !== null || started.signalCode !== null)) {
      showProgress();
      throw new Error(`the lab's daemon ended while it started; see ${daemon.logFile}`);
    }
    started ??= await startUnlessLocked(daemon);
    if (!started && !told) {
      show("the lab's daemon is being started or ended already; waiting for that\n");
      told = true;
    }
    await sleep(200);
    showProgress();
  }
  showProgress();
}

/** Returns undefined where there is a daemon, or one must not start now. */
async function startUnlessLocked({
  command,
  pidFile,
  logFile,
  check,
}: DaemonProcess): Promise<ChildProcess | undefined> {
  mkdirSync(dirname(pidFile), { recursive: true, mode: 0o711 });
  const lock = tryLock(pidFile);
  if (!lock) return undefined;
  try {
    await check();
    const log = openSync(logFile, "a", 0o600);
    const [program = "", ...args] = command;
    // Node.js hands the lock to none of the processes that the daemon starts.
    const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log, lock.fd] });
    closeSync(log);
    child.unref();
    if (child.pid !== undefined) writePid(pidFile, child.pid);
    return child;
  } finally {
    lock.release();
  }
}

/**
 * Ends the daemon, in whatever state it is, with what it runs for itself; kills it after `patience` milliseconds.
 * Returns its lock: while that is held, no other daemon starts.
 */
export async function end(daemon: DaemonProcess, patience = 10_000): Promise<Lock> {
  mkdirSync(dirname(daemon.pidFile), { recursive: true, mode: 0o711 });
  const began = performance.now();
  const told = new Set<number>();
  for (;;) {
    const lock = tryLock(daemon.pidFile);
    // Without its lock it was started in another way.
    const pid = lock ? await daemon.answers() : alive(daemon.pidFile);
    if (lock && pid === undefined) {
      for (const group of told) await endGroup(group, 2000);
      return lock;
    }
    lock?.release();
    if (pid !== undefined && !told.has(pid)) {
      for (const target of [pid, -pid]) signal(target, "SIGTERM");
      told.add(pid);
    }
    if (performance.now() - began > patience) {
      for (const group of told) signal(-group, "SIGKILL");
      if (pid !== undefined) signal(pid, "SIGKILL");
    }
    await sleep(100);
  }
}

function alive(pidFile: string): number | undefined {
  const known = readPid(pidFile);
  return known && isAlive(known) ? known.pid : undefined;
}

/** The image's build, for example, goes on for a moment after the daemon's end. */
async function endGroup(leader: number, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  while (signal(-leader, 0)) {
    if (performance.now() > deadline) {
      signal(-leader, "SIGKILL");
      return;
    }
    await sleep(50);
  }
}

/** False where there is no such process. */
function signal(target: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, name);
  } catch {
    return false;
  }
}

function readLog(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
