/** Runs a command that changes something; a signal lets it end in order. */
import { execa } from "execa";
import { inOwnSession, passSignals } from "../../azure/orderly.ts";
import { type Place, saysLocked } from "../pulumi.ts";
import type { Mask } from "../state/mask.ts";

/**
 * Resolves to the command's exit status; where a signal came, to one that is not 0.
 *
 * @param shown What is shown of a line. Without, the command has the terminal of this process, and may ask.
 */
export async function inForeground(
  { directory, environment }: Place,
  command: readonly string[],
  shown?: (line: unknown) => Generator<string>,
): Promise<number> {
  const output = shown ? ([shown, "inherit"] as const) : "inherit";
  const child = execa(...inOwnSession(command), {
    cwd: directory,
    env: environment,
    extendEnv: false,
    detached: true,
    stdio: [shown ? "ignore" : "inherit", output, output, "pipe"],
    buffer: false,
    reject: false,
    cleanup: false,
    // Pulumi needs time to end its work in order.
    forceKillAfterDelay: false,
  });
  const stopped = passSignals(child.nodeChildProcess);
  const { exitCode } = await child;
  // It may have been at its end. Nothing is to be begun after it all the same.
  return exitCode === 0 ? (stopped() ?? 0) : (exitCode ?? 130);
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
