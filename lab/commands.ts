/** What programs do with the lab (end-to-end tests, the chaos suite): the commands that a user has. */
import { join } from "node:path";
import { execa } from "execa";
import type { StackStatus } from "./cli/status.ts";
import { root } from "./paths.ts";
import { Lack, until } from "./polling.ts";

export interface Result {
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

/** The command itself, for `run`. */
export const labCommand = join(root, "bin", "lab");

/** Runs `bin/lab` and throws, with what it printed, where it fails. */
export async function lab(...args: string[]): Promise<Result> {
  const result = await run([labCommand, ...args]);
  if (result.status !== 0) throw new Error(`bin/lab ${args.join(" ")} ended with ${result.status}:\n${result.output}`);
  return result;
}

/** Runs a command outside every network. Never throws for its exit status. */
export async function outside(...command: string[]): Promise<Result> {
  return run([labCommand, "internet", "--", ...command]);
}

/** Runs a command on a machine, through the reverse proxy. Never throws for its exit status. */
export async function on(machine: string, ...command: string[]): Promise<Result> {
  return run([labCommand, "ssh", machine, "--", ...command]);
}

/** The status of a stack, as a program sees it. */
export async function status(stack: string): Promise<StackStatus> {
  const { stdout } = await lab("status", "--json");
  const found = (JSON.parse(stdout) as StackStatus[]).find((one) => one.stack === stack);
  if (!found) throw new Error(`stack ${stack} is not up:\n${stdout}`);
  return found;
}

/** Asks until the answer is right, and throws the last one where it never is. */
export async function eventually<T>(ask: () => Promise<T>, right: (answer: T) => boolean, seconds: number): Promise<T> {
  const attempt = async () => {
    const answer = await ask();
    return right(answer) ? answer : new Lack(`the last answer was ${JSON.stringify(answer)}`);
  };
  return until("the right answer", attempt, { timeoutSeconds: seconds, intervalSeconds: 1 });
}
