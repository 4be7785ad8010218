/** Running a command on the host. */
import { createInterface } from "node:readline";
import { execa } from "execa";

export interface RunOptions {
  /** Written to the command's standard input. */
  input?: string | Uint8Array;
  /** Exit statuses that are not an error, besides 0. */
  accept?: number[];
  /** Added to the environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** After so long the command is killed. Absent: no limit. */
  timeoutSeconds?: number;
  /** File descriptors that the command has open as long as it runs: locks, see lock.ts. */
  hold?: number[];
  /** Called with each line of standard error while the command runs: progress of long commands. */
  onLine?: (line: string) => void;
}

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** A command on the host that did not end as it should: says which, how, and what it said. */
export class CommandError extends Error {
  readonly command: readonly string[];
  readonly status: number;
  readonly stderr: string;

  constructor(command: readonly string[], ended: string, result: RunResult) {
    const said = (result.stderr.trim() || result.stdout.trim()).slice(-2000);
    super(`\`${command.join(" ")}\` ${ended}${said ? `: ${said}` : ""}`);
    this.name = "CommandError";
    this.command = command;
    this.status = result.status;
    this.stderr = result.stderr;
  }
}

/** Runs a command to its end, without a shell, and rejects with a CommandError when it fails. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = "", ...args] = command;
  const { input, accept = [], env, cwd, timeoutSeconds, hold = [], onLine } = options;
  const running = execa(program, args, {
    cwd,
    env: { LC_ALL: "C.UTF-8", ...env },
    ...(input === undefined ? {} : { input }),
    // The types of execa know descriptors up to 9 only.
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe", ...hold.map((fd) => fd as 3)],
    stripFinalNewline: false,
    maxBuffer: Infinity,
    ...(timeoutSeconds === undefined ? {} : { timeout: Math.round(timeoutSeconds * 1000) }),
    killSignal: "SIGKILL",
    // The command's work on the host is completed also when this process ends.
    cleanup: false,
    reject: false,
  });
  if (onLine) createInterface({ input: running.stderr }).on("line", onLine);
  const { exitCode, signal, stdout, stderr, originalMessage } = await running;
  const fail = (ended: string, status: number) => new CommandError(command, ended, { status, stdout, stderr });
  if (signal !== undefined) throw fail(`was ended by ${signal}`, 128);
  if (exitCode === undefined) throw fail(`could not be started (${originalMessage})`, 127);
  if (exitCode !== 0 && !accept.includes(exitCode)) throw fail(`ended with status ${exitCode}`, exitCode);
  return { status: exitCode, stdout, stderr };
}
