/**
 * How a machine that does not run came to its end, by systemd-nspawn's exit status: by itself, or from outside, as with
 * its host. Read synchronously, as the processes are: this is asked every second.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { readIfThere } from "../../files.ts";
import type { MachinePaths, MachineRecord } from "./files.ts";

export type Ending =
  /** Shut down, from within or by its owner. */
  | "off"
  /** The guest rebooted, or reset itself: it boots again at once. */
  | "reboot"
  /** Its processes were killed: its host is lost. */
  | "lost";

type EndingPaths = Pick<MachinePaths, "record" | "exit" | "reset" | "lost">;

/** With this status systemd-nspawn ends when the guest reboots, and leaves the new start to its caller. */
const rebootStatus = 133;

/**
 * The ending of a machine that does not run, and when it was, milliseconds since 1970. Undefined where it was switched
 * off, or not switched on in this boot of the host, after which it is switched on anyway.
 */
export function lastEnding(paths: EndingPaths, hostBootId = hostBootNow()): { how: Ending; atMs: number } | undefined {
  const text = readIfThere(paths.record);
  if (text === undefined || (JSON.parse(text) as MachineRecord).switchedOn !== hostBootId) return undefined;
  const how = endingOf(readIfThere(paths.exit));
  if (how !== "lost") return { how, atMs: statSync(paths.exit).mtimeMs };
  return { how: existsSync(paths.reset) ? "reboot" : "lost", atMs: lostSince(paths) };
}

/** Without a status, what should have written it was killed, too. */
function endingOf(exit: string | undefined): Ending {
  if (exit?.trim() === "0") return "off";
  return Number(exit) === rebootStatus ? "reboot" : "lost";
}

/** Since when it is known: remembered on the disk, so that a new daemon does not begin anew. */
function lostSince({ exit, lost }: EndingPaths): number {
  if (existsSync(exit)) return statSync(exit).mtimeMs;
  if (!existsSync(lost)) writeFileSync(lost, "", { mode: 0o600 });
  return statSync(lost).mtimeMs;
}

function hostBootNow(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** Before a new start. */
export async function forgetEnding(paths: EndingPaths): Promise<void> {
  for (const file of [paths.exit, paths.reset, paths.lost]) await rm(file, { force: true });
}
