/** Runs the commands that a user has. */
import { join } from "node:path";
import { execa } from "execa";

/** The project's folder. */
export const root = join(import.meta.dirname, "..");

export interface Result {
  /** Exit status; null where a signal ended the command. */
  status: number | null;
  stdout: string;
  stderr: string;
  /** Standard output and standard error, in the order in which they came. */
  output: string;
  seconds: number;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** After so long the command is ended; 900 unless told. */
  seconds?: number;
  /** In a process group of its own: what it started ends with it when its time is up, and Ctrl-C does not reach it. */
  apart?: boolean;
}

/** Runs a command in the project's folder. Never throws for its exit status. */
export async function run(command: string[], options: RunOptions = {}): Promise<Result> {
  const [program = "", ...args] = command;
  const result = await execa(program, args, {
    cwd: options.cwd ?? root,
    env: options.env,
    stdin: "ignore",
    all: true,
    stripFinalNewline: false,
    timeout: Math.round((options.seconds ?? 900) * 1000),
    reject: false,
    cleanup: false,
    ...(options.apart
      ? { killDescendants: true, killSignal: "SIGKILL" as const }
      : { forceKillAfterDelay: false as const }),
  });
  if (result.exitCode === undefined && result.signal === undefined) throw new Error(result.shortMessage);
  const { exitCode = null, stdout, stderr, all, durationMs } = result;
  return { status: exitCode, stdout, stderr, output: all, seconds: durationMs / 1000 };
}

/** Runs a command and throws, with what it printed, where it fails. */
export async function succeed(command: string[], options: RunOptions = {}): Promise<Result> {
  const result = await run(command, options);
  if (result.status !== 0) throw new Error(`${command.join(" ")} ended with ${result.status}:\n${result.output}`);
  return result;
}
