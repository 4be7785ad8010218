/**
 * The host's end of the agent in one running machine. The machine's own systemd starts the agent, as a service without
 * a unit file: so it has a service's limits and capabilities, and ends with the machine.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readEvent, writeRequest, type Event, type Request } from "./protocol.ts";

const program = readFileSync(join(import.meta.dirname, "agent.py"));

/** Reads the agent's program from its input, so that nothing need be written to the machine's disk: it may be full. */
const loader = [
  "import sys",
  "size = int(sys.stdin.buffer.readline())",
  "exec(compile(sys.stdin.buffer.read(size), 'lab-agent', 'exec'))",
].join("\n");

export interface AgentOptions {
  /** The machine's init, seen from the host. */
  init: number;
  onEvent: (event: Event) => void;
  /** Called once, when the agent has ended, with what it wrote last to its standard error. */
  onEnd: (reason: string) => void;
}

export class MachineAgent {
  readonly init: number;
  readonly #process: ChildProcess;

  constructor({ init, onEvent, onEnd }: AgentOptions) {
    this.init = init;
    const service = [
      "systemd-run",
      "--quiet",
      "--pipe",
      "--wait",
      "--collect",
      "--description=The lab's stand-in for Azure's Linux agent",
      // Scripts that the agent has started go on when it ends.
      "--property=KillMode=process",
      "--",
      "/usr/bin/python3",
      "-E",
      "-s",
      "-u",
      "-c",
      loader,
    ];
    this.#process = spawn("nsenter", [`--target=${init}`, "--mount", "--wd=/", "--", ...service], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
      // A signal to the daemon's terminal is not for the agents.
      detached: true,
    });
    let said = "";
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      said = `${said}${chunk.toString("utf8")}`.slice(-1000);
    });
    if (this.#process.stdout) {
      createInterface({ input: this.#process.stdout }).on("line", (line) => {
        const event = readEvent(line);
        if (event) onEvent(event);
      });
    }
    // Writing to an agent that has just ended is not an error of ours; its end is reported below.
    this.#process.stdin?.on("error", () => {});
    let ended = false;
    const end = (reason: string) => {
      if (!ended) onEnd(said.trim() || reason);
      ended = true;
    };
    this.#process.once("error", (error) => end(error.message));
    this.#process.once("close", (code, signal) => end(signal ?? `status ${code ?? 0}`));
    this.#process.stdin?.write(`${program.length}\n`);
    this.#process.stdin?.write(program);
  }

  send(request: Request): void {
    this.#process.stdin?.write(writeRequest(request));
  }

  /** Gives up on it. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** The agent ends when nobody speaks to it any more; what it has started goes on. */
  stop(): void {
    this.#process.stdin?.end();
  }
}
