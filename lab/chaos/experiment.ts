/** One experiment of the suite, whatever it does: it is run some times, and gives figures and verdicts. */
import type { Capacity } from "./capacity.ts";
import type { Verdict } from "./goals.ts";
import type { Tools } from "./tools.ts";

export interface Context {
  tools: Tools;
  /** Requests a second. */
  rate: number;
  /** What the environment can do, where it was measured. */
  capacity?: Capacity;
  seed: number;
  /** Which run of the experiment this is, from 1. */
  run: number;
  /** How many machines of each kind there should be. */
  wanted: Record<string, number>;
  /** Time in which the environment must become whole again. */
  recoverySeconds: number;
  /** Where the experiment leaves its histories. */
  directory: string;
}

export interface Report {
  /** By name, in the order in which they are shown. */
  figures: Record<string, number>;
  verdicts: Verdict[];
}

export interface Experiment {
  name: string;
  title: string;
  /** A machine falls silent in it: how the lab reads missing health makes a difference. */
  silent?: boolean;
  /** It is about the environment's capacity, not about any rate. */
  needsCapacity?: boolean;
  run(context: Context): Promise<Report>;
}
