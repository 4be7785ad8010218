/** Runs one command: its output is kept, told line by line while it runs, and the whole process group can be ended. */
import { execa, type ResultPromise } from "execa";

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

const running = new Set<ResultPromise>();

export async function execute({ command, shown, dir, environment, stdin, onLine }: Execution): Promise<Output> {
  const [program = "", ...args] = command;
  const child = execa(program, args, {
    cwd: dir,
    env: environment,
    ...(stdin === undefined ? { stdin: "ignore" } : { input: stdin }),
    all: true,
    reject: false,
    cleanup: false,
    maxBuffer: Infinity,
    stripFinalNewline: false,
    // What the command started ends with it.
    killDescendants: true,
    forceKillAfterDelay: 5000,
  });
  running.add(child);
  for (const name of ["stdout", "stderr"] as const) {
    const lines = new Lines((line) => onLine(name, line));
    child[name].on("data", (data: Buffer) => lines.write(data)).on("end", () => lines.end());
  }
  const { exitCode, signal, stdout, stderr, all, originalMessage } = await child;
  running.delete(child);
  if (exitCode === 0) return { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, "") };
  if (exitCode === undefined && signal === undefined)
    throw new Error(`${originalMessage}: running ${JSON.stringify(shown)}`);
  const end = signal === undefined ? `exit status ${exitCode}` : `signal: ${signal}`;
  throw new Error(`${end}: running ${JSON.stringify(shown)}:\n${all}`);
}

/** Ends every running command with all that it started; what does not obey within 5 seconds is killed. */
export function endAll(): void {
  for (const child of running) child.kill();
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
