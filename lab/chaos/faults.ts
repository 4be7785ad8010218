/** What a machine can suffer, and how that ends. */
import type { Damage } from "../fabric/machine/damage.ts";

export interface Fault {
  how: Damage;
  /** Absent: it ends by itself, or never. */
  undo?: Damage;
  /** The machine does not come back: another one must take its place. */
  final?: boolean;
}

export const faults = {
  process: { how: "process" },
  power: { how: "power", final: true },
  disk: { how: "disk", final: true },
  freeze: { how: "freeze", undo: "thaw" },
  link: { how: "link", undo: "join" },
  full: { how: "full", undo: "free" },
  slow: { how: "slow", undo: "fast" },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
