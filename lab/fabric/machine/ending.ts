/**
 * How a machine that does not run came to its end, as systemd-nspawn's exit status tells it: by itself, or from outside,
 * as with its host. Read synchronously, as the processes are: this is asked every second.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { MachinePaths } from "./files.ts";

export type Ending =
  /** Shut down, from within or by its owner. */
  | "off"
  /** The guest rebooted, or reset itself: it boots again at once. */
  | "reboot"
  /** Its processes were killed: its host is lost. */
  | "lost";

/** With this status systemd-nspawn ends when the guest reboots, and leaves the new start to its caller. */
const rebootStatus = 133;

/** The last ending and when it was, milliseconds since 1970; undefined while none is known. */
export function lastEnding(paths: Pick<MachinePaths, "ending" | "reset">): { how: Ending; atMs: number } | undefined {
  try {
    const text = readFileSync(paths.ending, "utf8").trim();
    // It is just being written.
    if (text === "") return undefined;
    const how = endingOf(Number(text));
    return { how: how === "lost" && existsSync(paths.reset) ? "reboot" : how, atMs: statSync(paths.ending).mtimeMs };
  } catch {
    return undefined;
  }
}

function endingOf(status: number): Ending {
  if (status === 0) return "off";
  return status === rebootStatus ? "reboot" : "lost";
}

/** Before a new start. */
export async function forgetEnding(paths: Pick<MachinePaths, "ending" | "reset">): Promise<void> {
  for (const file of [paths.ending, paths.reset]) await rm(file, { force: true });
}
