/** Signals to processes that may have ended meanwhile. */
import { holds } from "./polling.ts";

/** Sends a signal to a process, or to a group by its negative ID; false where there is none. Signal 0 only asks. */
export function signalProcess(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

/**
 * Asks processes to end, and kills those that are left after the grace. Returns when none is left, or after the grace
 * once more.
 *
 * @param left Those that have not ended, or not begun, asked again and again: negative IDs are groups.
 */
export async function endProcesses(left: () => Promise<number[]> | number[], graceSeconds: number): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const attempt = async () => {
      const targets = await left();
      for (const target of targets) signalProcess(target, signal);
      return targets.length === 0;
    };
    if (await holds(attempt, { timeoutSeconds: graceSeconds, intervalSeconds: 0.05 })) return;
  }
}
