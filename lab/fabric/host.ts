/** What every part of the fabric needs of the host: running a command, and the names of what it makes there. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

export interface RunOptions {
  /** Written to the command's standard input. */
  input?: string | Uint8Array;
  /** Exit statuses that are not an error, besides 0. */
  accept?: number[];
  /** Added to the environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** Milliseconds after which the command is killed. Absent: no limit. */
  timeout?: number;
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
export function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: "C.UTF-8", ...options.env },
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe", ...(options.hold ?? [])],
      timeout: options.timeout,
      killSignal: "SIGKILL",
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
    if (options.onLine && child.stderr) createInterface({ input: child.stderr }).on("line", options.onLine);
    const result = (status: number): RunResult => ({
      status,
      stdout: Buffer.concat(out).toString("utf8"),
      stderr: Buffer.concat(err).toString("utf8"),
    });
    child.on("error", (error) => {
      reject(new CommandError(command, `could not be started (${error.message})`, result(127)));
    });
    child.on("close", (code, signal) => {
      if (code === null) {
        reject(new CommandError(command, `was ended by ${signal ?? "a signal"}`, result(128)));
      } else if (code !== 0 && !(options.accept ?? []).includes(code)) {
        reject(new CommandError(command, `ended with status ${code}`, result(code)));
      } else {
        resolve(result(code));
      }
    });
    if (options.input !== undefined) {
      // A command may end without reading its input; its exit status says what became of it.
      child.stdin?.on("error", () => {});
      child.stdin?.end(options.input);
    }
  });
}

/** The first 8 hexadecimal digits of an ID's SHA-256: short enough for the 15 bytes of an interface's name. */
export function shortHash(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 8);
}

/** Network namespace of a virtual network's router. */
export function netnsName(networkId: string): string {
  return `lab-n-${shortHash(networkId)}`;
}

/** Network namespace of a machine; also the machine's name for systemd-nspawn. */
export function machineNamespace(machineId: string): string {
  return `lab-m-${shortHash(machineId)}`;
}
