/** Processes that the host starts. */
import { spawn } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";

const running = new Set<ChildProcess>();

export function start(args: string[], options: SpawnOptions, program = "node"): ChildProcess {
  const child = spawn(program, args, options);
  running.add(child);
  child.on("close", () => running.delete(child));
  return child;
}

/** Resolves with the exit code, -1 after a signal, as Go's os/exec counts. */
export function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(new Error(`Problem executing program (could not run language executor): ${error.message}`)),
    );
    child.on("close", (code) => resolve(code ?? -1));
  });
}

/** Interrupts what runs; what does not end within 5 seconds is killed. */
export function interrupt(child: ChildProcess): void {
  child.kill("SIGINT");
  setTimeout(() => child.kill("SIGKILL"), 5000).unref();
}

export function interruptAll(): void {
  for (const child of running) interrupt(child);
}
