/**
 * The daemon's process: at most one at a time. It holds a lock from before its first instruction to its end, so one
 * that is starting or stopping is known as well as one that answers.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lock, tryLock } from "../fabric/lock.ts";
import { isAlive, readPid, startTime, writePid } from "../fabric/pidFile.ts";
import { holds } from "../polling.ts";
import { endProcesses, signalProcess } from "../signals.ts";
import { type Code, sameCode } from "./code.ts";

/** A daemon that serves. */
export interface Serving {
  pid: number;
  /** The code that it runs; undefined where the daemon does not tell it. */
  code: Code | undefined;
}

export interface DaemonProcess {
  command: readonly string[];
  /** The code that `command` runs. */
  code: Code;
  /** Tells the daemon's process ID; locked as long as it lives, and while nobody may start one. */
  pidFile: string;
  logFile: string;
  /** After SIGTERM, until it is killed; 10 unless told. */
  graceSeconds?: number;
  answers: () => Promise<Serving | undefined>;
  /** Throws where the daemon could not run; asked before each start. */
  check: () => Promise<void>;
}

/**
 * Starts the daemon unless one of the same code runs, and shows its progress until it answers. Ends one of other code:
 * what that made goes on, and the new daemon takes it over.
 */
export async function startOnce(daemon: DaemonProcess, show: (text: string) => void): Promise<void> {
  let started: ChildProcess | undefined;
  let told = false;
  let shown = statSync(daemon.logFile, { throwIfNoEntry: false })?.size ?? 0;
  const showProgress = () => {
    const text = readLog(daemon.logFile);
    show(text.toString("utf8", shown));
    shown = text.length;
  };
  for (;;) {
    const serving = await daemon.answers();
    // The daemon that this call has started is right, also where the sources have changed since.
    if (serving && (sameCode(serving.code, daemon.code) || serving.pid === started?.pid)) break;
    if (serving) {
      const where = serving.code && serving.code.root !== daemon.code.root ? ` of ${serving.code.root}` : "";
      show(`the lab's daemon runs other code${where}: it is replaced, and what it made goes on\n`);
      await endServing(serving.pid, graceOf(daemon));
      continue;
    }
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

/** Ends a daemon with those that it started for itself, and no other daemon that may start meanwhile. */
async function endServing(pid: number, graceSeconds: number): Promise<void> {
  const started = startTime(pid);
  if (started === undefined) return;
  await endProcesses(() => (startTime(pid) === started ? [pid, -pid] : []), graceSeconds);
  await endGroup(pid, 2);
}

/**
 * Ends the daemon, in whatever state it is, with what it runs for itself; kills it after the grace.
 * Returns its lock: while that is held, no other daemon starts.
 */
export async function end(daemon: DaemonProcess): Promise<Lock> {
  mkdirSync(dirname(daemon.pidFile), { recursive: true, mode: 0o711 });
  const began = performance.now();
  const told = new Set<number>();
  for (;;) {
    const lock = tryLock(daemon.pidFile);
    // A daemon that answers without the lock was not started by `startOnce`.
    const pid = lock ? (await daemon.answers())?.pid : alive(daemon.pidFile);
    if (lock && pid === undefined) {
      for (const group of told) await endGroup(group, 2);
      return lock;
    }
    lock?.release();
    if (pid !== undefined && !told.has(pid)) {
      for (const target of [pid, -pid]) signalProcess(target, "SIGTERM");
      told.add(pid);
    }
    if (performance.now() - began > graceOf(daemon) * 1000) {
      for (const group of told) signalProcess(-group, "SIGKILL");
      if (pid !== undefined) signalProcess(pid, "SIGKILL");
    }
    await sleep(100);
  }
}

const graceOf = ({ graceSeconds = 10 }: DaemonProcess) => graceSeconds;

function alive(pidFile: string): number | undefined {
  const known = readPid(pidFile);
  return known && isAlive(known) ? known.pid : undefined;
}

/**
 * Waits for the rest of a daemon's process group: the image's build, say, goes on for a moment after the daemon's end.
 */
async function endGroup(leader: number, graceSeconds: number): Promise<void> {
  const ended = () => !signalProcess(-leader, 0);
  if (!(await holds(ended, { timeoutSeconds: graceSeconds, intervalSeconds: 0.05 }))) signalProcess(-leader, "SIGKILL");
}

function readLog(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
