/** Runs a command that changes something; a signal lets it end in order. */
import { execa } from "execa";
import { type Place, saysLocked } from "../pulumi.ts";
import type { Mask } from "../state/mask.ts";

/**
 * Resolves to the command's exit status.
 *
 * @param shown What is shown of a line. Without, the command has the terminal of this process, and may ask.
 */
export async function inForeground(
  { directory, environment }: Place,
  command: readonly string[],
  shown?: (line: unknown) => Generator<string>,
): Promise<number> {
  // From a terminal, Ctrl-C reaches both; a second one would make Pulumi leave at once.
  const ignore = () => {};
  const interrupt = () => child.kill("SIGINT");
  process.on("SIGINT", ignore).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  // The loss of the terminal would kill Pulumi and leave its stack locked; so Pulumi ignores it and is interrupted
  // above.
  const child = execa("sh", ["-c", `trap "" HUP; exec "$@"`, "sh", ...command], {
    cwd: directory,
    env: environment,
    extendEnv: false,
    stdin: shown ? "ignore" : "inherit",
    stdout: shown ? [shown, "inherit"] : "inherit",
    stderr: shown ? [shown, "inherit"] : "inherit",
    buffer: false,
    reject: false,
    cleanup: false,
    // Pulumi needs time to end its work in order.
    forceKillAfterDelay: false,
  });
  const { exitCode } = await child;
  process.off("SIGINT", ignore).off("SIGTERM", interrupt).off("SIGHUP", interrupt);
  return exitCode ?? 130;
}

/** How a command ended. */
export interface Ended {
  status: number;
  /** It found the stack locked. */
  locked: boolean;
}

/** The same of one that is asked nothing: what it says is shown without secrets. */
export async function inForegroundMasked(place: Place, command: readonly string[], mask: Mask): Promise<Ended> {
  let locked = false;
  const status = await inForeground(place, command, function* (line) {
    locked ||= saysLocked(String(line));
    yield mask.text(String(line));
  });
  return { status, locked };
}
