/** What programs do with the lab (end-to-end tests, the chaos suite): the commands that a user has. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { StackStatus } from "./cli/status.ts";
import { root } from "./paths.ts";

export interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
  /** Both, in the order in which they came. */
  output: string;
  seconds: number;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** After which it is ended; 900 unless told. */
  seconds?: number;
  /** In a process group of its own: what it started ends with it when its time is up, and Ctrl-C does not reach it. */
  apart?: boolean;
}

/** Runs a command in the project's folder. Never throws for its exit status. */
export async function run(command: string[], options: RunOptions = {}): Promise<Result> {
  const [program = "", ...args] = command;
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: options.apart ?? false,
  });
  const timer = setTimeout(
    () => {
      // Not closed yet, so that its group still is its own, whoever is left in it.
      if (options.apart && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      else child.kill();
    },
    (options.seconds ?? 900) * 1000,
  );
  const result: Result = { status: null, stdout: "", stderr: "", output: "", seconds: 0 };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    result.stdout += text;
    result.output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    result.stderr += text;
    result.output += text;
  });
  try {
    return await new Promise((done, fail) => {
      child.on("error", fail);
      child.on("close", (status) => done({ ...result, status, seconds: (performance.now() - started) / 1000 }));
    });
  } finally {
    clearTimeout(timer);
  }
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
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (right(answer)) return answer;
    if (Date.now() > end) throw new Error(`not so within ${seconds} s; the last answer was ${JSON.stringify(answer)}`);
    await new Promise((next) => setTimeout(next, 1000));
  }
}
