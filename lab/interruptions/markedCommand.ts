/**
 * A command that is to be killed, and all that it started: known by a variable of their environment, for some of it
 * leaves the command's process group (Pulumi's plugins, Ansible's workers).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { root } from "../paths.ts";
import { holds } from "../polling.ts";
import { signalProcess } from "../signals.ts";
import type { How } from "./plan.ts";

const variable = "LAB_INTERRUPTED";

export class MarkedCommand {
  /** Resolves to its exit status; to null where a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #mark = `${variable}=${randomUUID()}`;

  /**
   * Starts a command in the project's folder, in a process group of its own. The lab's daemon must run: otherwise it is
   * one of those that the command starts.
   *
   * @param log File that gets its output.
   */
  constructor(command: readonly string[], log: string) {
    const [program = "", ...args] = command;
    const [name = "", value = ""] = this.#mark.split("=");
    const output = openSync(log, "w", 0o600);
    this.#child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, [name]: value },
      stdio: ["ignore", output, output],
      detached: true,
    });
    closeSync(output);
    this.ended = new Promise((done, fail) => this.#child.on("exit", done).on("error", fail));
  }

  /** Kills it with SIGKILL; returns when it has ended. */
  async kill(how: How): Promise<void> {
    // NaN is refused; 0 would be the group of this process.
    if (how === "group") signalProcess(-(this.#child.pid ?? NaN), "SIGKILL");
    else await this.killAll();
    await this.ended;
  }

  /** Kills it and all that it started. */
  killAll(): Promise<void> {
    return killMarked(this.#mark);
  }

  /** What of it still runs. */
  left() {
    return marked(this.#mark);
  }
}

/** Kills all processes that have a variable of this value. */
export async function killMarked(mark: string): Promise<void> {
  // Again and again, for what is started meanwhile.
  const attempt = () => {
    const left = marked(mark);
    for (const { pid } of left) signalProcess(pid, "SIGKILL");
    return left.length === 0;
  };
  await holds(attempt, { timeoutSeconds: 5, intervalSeconds: 0.02 });
}

/** @param mark `NAME=value`, a variable of their environment. */
function marked(mark: string): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(mark)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").join(" ").trim();
        return [{ pid: Number(name), command }];
      } catch {
        // It has ended, or is somebody else's.
        return [];
      }
    });
}
