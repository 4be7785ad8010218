/** Waiting for something outside of this process. */
import { setTimeout as sleep } from "node:timers/promises";

export interface PollingOptions {
  timeoutSeconds: number;
  /** Between the end of an attempt and the next. */
  intervalSeconds: number;
  /** Tests let time pass faster; an experiment ends early. */
  clock?: PollingClock;
}

export interface PollingClock {
  nowMs(): number;
  sleep(seconds: number): Promise<void>;
}

const realClock: PollingClock = { nowMs: () => performance.now(), sleep: (seconds) => sleep(seconds * 1000) };

/** What an attempt lacks of being the one that is waited for, in words. */
export class Lack {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Attempts until one lacks nothing; the last attempt's outcome when the time is up. There is at least one attempt. */
export async function poll<T>(
  attempt: () => Promise<T | Lack> | T | Lack,
  { timeoutSeconds, intervalSeconds, clock = realClock }: PollingOptions,
): Promise<T | Lack> {
  const end = clock.nowMs() + timeoutSeconds * 1000;
  for (;;) {
    const found = await attempt();
    if (!(found instanceof Lack) || clock.nowMs() >= end) return found;
    await clock.sleep(intervalSeconds);
  }
}

/**
 * Attempts until one lacks nothing.
 *
 * @param what What is waited for; the error tells it, with what the last attempt lacked.
 */
export async function until<T>(
  what: string,
  attempt: () => Promise<T | Lack> | T | Lack,
  options: PollingOptions,
): Promise<T> {
  const found = await poll(attempt, options);
  if (!(found instanceof Lack)) return found;
  throw new Error(`${what}: not within ${options.timeoutSeconds} s${found.text ? ` (${found.text})` : ""}`);
}

/** Whether the condition has come true in time. */
export async function holds(condition: () => Promise<boolean> | boolean, options: PollingOptions): Promise<boolean> {
  return !((await poll(async () => (await condition()) || new Lack(""), options)) instanceof Lack);
}
