/**
 * Service healing: a machine whose host is lost boots again on another one after a while, with its disk, its name and
 * its address. What ended by itself stays off, and a guest that rebooted boots at once. Pure.
 */
import type { Ending } from "./ending.ts";

export interface Fallen {
  /** What its owner wants. */
  powered: boolean;
  diskLost: boolean;
  /** Undefined where it was switched off, or the host has booted since. */
  ending: { how: Ending; atMs: number } | undefined;
}

/** When a machine that does not run boots again by itself, milliseconds since 1970; undefined: never. */
export function bootsAgainAt(machine: Fallen, healingSeconds: number): number | undefined {
  const { powered, diskLost, ending } = machine;
  if (!powered || diskLost || !ending || ending.how === "off") return undefined;
  return ending.atMs + (ending.how === "reboot" ? 0 : healingSeconds * 1000);
}
