/** Runs one command: its output is kept, told line by line while it runs, and the whole process group can be ended. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export interface Execution {
  /** Program and arguments. */
  command: string[];
  /** Said in errors: the command as the user wrote it. */
  shown: string;
  dir: string | undefined;
  environment: Record<string, string>;
  stdin: string | undefined;
  onLine: (stream: "stdout" | "stderr", line: string) => void;
}

export interface Output {
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();

export async function execute({ command, shown, dir, environment, stdin, onLine }: Execution): Promise<Output> {
  const [program, ...args] = command;
  // A process group of its own, so that what the command started ends with it.
  const child = spawn(program!, args, {
    cwd: dir,
    env: { ...process.env, ...environment },
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  const streams = { stdout: [] as Buffer[], stderr: [] as Buffer[], both: [] as Buffer[] };
  for (const name of ["stdout", "stderr"] as const) {
    const lines = new Lines((line) => onLine(name, line));
    child[name]!.on("data", (data: Buffer) => {
      streams[name].push(data);
      streams.both.push(data);
      lines.write(data);
    });
    child[name]!.on("end", () => lines.end());
  }
  // A command that does not read its input is no failure.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(stdin);
  const text = (name: keyof typeof streams) => Buffer.concat(streams[name]).toString();
  try {
    const end = await new Promise<string>((resolve, reject) => {
      child.on("error", (error) => reject(new Error(`${error.message}: running ${JSON.stringify(shown)}`)));
      child.on("close", (code, signal) =>
        resolve(signal ? `signal: ${signal}` : code === 0 ? "" : `exit status ${code}`),
      );
    });
    if (end !== "") throw new Error(`${end}: running ${JSON.stringify(shown)}:\n${text("both")}`);
  } finally {
    running.delete(child);
  }
  return { stdout: withoutNewline(text("stdout")), stderr: withoutNewline(text("stderr")) };
}

/** Ends every running command with all that it started; what does not obey within 5 seconds is killed. */
export function endAll(): void {
  for (const child of running) {
    signalGroup(child, "SIGTERM");
    setTimeout(() => running.has(child) && signalGroup(child, "SIGKILL"), 5000).unref();
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Ended on its own in the meantime.
  }
}

function withoutNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Cuts a stream into lines; the engine shows one at a time, so an endless one is cut off. */
export class Lines {
  static readonly longest = 4096;
  readonly #emit: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  write(data: Buffer): void {
    const lines = (this.#rest + this.#decoder.decode(data, { stream: true })).split("\n");
    // What is longer than is shown need not be kept either.
    this.#rest = lines.pop()!.slice(0, Lines.longest);
    for (const line of lines) this.#emit(line.slice(0, Lines.longest));
  }

  end(): void {
    if (this.#rest !== "") this.#emit(this.#rest);
    this.#rest = "";
  }
}
