/** Time, which tests let pass faster, and which ends early when everything shall end. */
import { setTimeout } from "node:timers/promises";
import type { PollingClock } from "../polling.ts";

export interface Clock extends PollingClock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Rejects when everything shall end. */
  sleep(seconds: number): Promise<void>;
}

export function realClock(signal: AbortSignal): Clock {
  return { nowMs: () => Date.now(), sleep: (seconds) => setTimeout(seconds * 1000, undefined, { signal }) };
}
