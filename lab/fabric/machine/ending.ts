/**
 * How a machine that does not run came to its end, by systemd-nspawn's exit status: by itself, or from outside, as with
 * its host. Read synchronously, as the processes are: this is asked every second.
 */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { readIfThere } from "../../files.ts";
import { rebootStatus } from "./boot.ts";
import { exitStatus, hostBoot, type MachinePaths, type MachineRecord } from "./files.ts";

export type Ending =
  /** Shut down, from within or by its owner. */
  | "off"
  /** The guest rebooted, or reset itself: it boots again at once. */
  | "reboot"
  /** Its processes were killed: its host is lost. */
  | "lost";

type EndingPaths = Pick<MachinePaths, "record" | "exit" | "reset" | "lost">;

/**
 * How a machine ended that does not run. Undefined where it was switched off, or not switched on in this boot of the
 * host, after which it is switched on anyway.
 */
export function howEnded(paths: EndingPaths, hostBootId = hostBoot()): Ending | undefined {
  const text = readIfThere(paths.record);
  if (text === undefined || (JSON.parse(text) as MachineRecord).switchedOn !== hostBootId) return undefined;
  const status = exitStatus(paths);
  if (status === 0) return "off";
  // Without a status, what should have written it was killed, too.
  return status === rebootStatus || existsSync(paths.reset) ? "reboot" : "lost";
}

/**
 * Since when, milliseconds since 1970. Where no exit status tells it: since this was asked first, which is remembered,
 * so that a new daemon does not begin anew. Not to be asked while the machine is being switched on.
 */
export function endedAt({ exit, lost }: EndingPaths): number {
  if (existsSync(exit)) return statSync(exit).mtimeMs;
  if (!existsSync(lost)) writeFileSync(lost, "", { mode: 0o600 });
  return statSync(lost).mtimeMs;
}

/** Before a new start. */
export async function forgetEnding(paths: EndingPaths): Promise<void> {
  for (const file of [paths.exit, paths.reset, paths.lost]) await rm(file, { force: true });
}
