/** What programs do with the lab (end-to-end tests, the chaos suite): the commands that a user has. */
import { join } from "node:path";
import { run, succeed, type Result } from "../e2e/command.ts";
import type { StackStatus } from "./cli/status.ts";
import { root } from "./paths.ts";
import { Lack, until } from "./polling.ts";

export { run, type Result };

/** The command itself, for `run`. */
export const labCommand = join(root, "bin", "lab");

/** Runs `bin/lab` and throws, with what it printed, where it fails. */
export async function lab(...args: string[]): Promise<Result> {
  return succeed([labCommand, ...args]);
}

/** Runs a command outside every network. Never throws for its exit status. */
export async function outside(...command: string[]): Promise<Result> {
  return run([labCommand, "internet", "--", ...command]);
}

/** Runs a command from where administrators come. Never throws for its exit status. */
export async function asAdministrator(...command: string[]): Promise<Result> {
  return run([labCommand, "internet", "--administrator", "--", ...command]);
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
