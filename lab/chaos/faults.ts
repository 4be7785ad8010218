/** What a machine can suffer, and how that ends. */
import type { Damage } from "../fabric/machine/damage.ts";

export interface Fault {
  how: Damage;
  /** Absent: it ends by itself, or never. */
  undo?: Damage;
  /** Nobody reports the machine's health from now on. */
  silent?: boolean;
}

export const faults = {
  process: { how: "process" },
  power: { how: "power", silent: true },
  disk: { how: "disk", silent: true },
  freeze: { how: "freeze", undo: "thaw" },
  // Its watchdog, or somebody, resets it in the end.
  hang: { how: "freeze", undo: "reset", silent: true },
  link: { how: "link", undo: "join" },
  full: { how: "full", undo: "free" },
  slow: { how: "slow", undo: "fast" },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
