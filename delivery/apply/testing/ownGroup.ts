/** For tests: programs that are told to stop while they run. */
import { spawn } from "node:child_process";

/** A program that runs, or ran: its status is undefined until it has ended. */
export interface OwnGroup {
  pid: number;
  output: string;
  errors: string;
  status: number | null | undefined;
}

let running: OwnGroup | undefined;

/** Starts a program in a process group of its own. */
export function startInOwnGroup([program = "", ...args]: readonly string[], env: NodeJS.ProcessEnv): OwnGroup {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const run: OwnGroup = { pid: child.pid ?? NaN, output: "", errors: "", status: undefined };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (run.output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (run.errors += text));
  child.on("close", (status) => (run.status = status));
  running = run;
  return run;
}

/** Kills the group that was started last, where its program has not ended: a test that failed leaves nothing. */
export function endGroup(): void {
  if (running && running.status === undefined) process.kill(-running.pid, "SIGKILL");
  running = undefined;
}
