/** Runs a command that changes something: what it says is shown without secrets, and a signal lets it end in order. */
import { execa } from "execa";
import { type Place, saysLocked } from "../pulumi.ts";
import type { Mask } from "../state/mask.ts";

/** How a command ended. */
export interface Ended {
  status: number;
  /** It found the stack locked. */
  locked: boolean;
}

export async function inForeground({ directory, environment }: Place, command: string[], mask: Mask): Promise<Ended> {
  let locked = false;
  const lines = function* (line: unknown) {
    locked ||= saysLocked(String(line));
    yield mask.text(String(line));
  };
  // From a terminal, Ctrl-C reaches both; a second one would make Pulumi leave at once.
  const ignore = () => {};
  const interrupt = () => child.kill("SIGINT");
  process.on("SIGINT", ignore).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  // The loss of the terminal would kill Pulumi and leave its stack locked.
  const child = execa("sh", ["-c", `trap "" HUP; exec "$@"`, "sh", ...command], {
    cwd: directory,
    env: environment,
    extendEnv: false,
    stdin: "ignore",
    stdout: [lines, "inherit"],
    stderr: [lines, "inherit"],
    buffer: false,
    reject: false,
    cleanup: false,
    forceKillAfterDelay: false,
  });
  const { exitCode } = await child;
  process.off("SIGINT", ignore).off("SIGTERM", interrupt).off("SIGHUP", interrupt);
  return { status: exitCode ?? 130, locked };
}
