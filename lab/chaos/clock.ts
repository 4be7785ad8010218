/** Time, which tests let pass faster, and which ends early when everything shall end. */
import { setTimeout } from "node:timers/promises";

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects when everything shall end. */
  sleep(seconds: number): Promise<void>;
}

export function realClock(signal: AbortSignal): Clock {
  return { now: () => Date.now(), sleep: (seconds) => setTimeout(seconds * 1000, undefined, { signal }) };
}

/** What an answer lacks of being the one that is waited for. */
export class Lack {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Asks until there is an answer; the error tells what was waited for, and what the last answer lacked. */
export async function until<T>(clock: Clock, what: string, seconds: number, ask: () => Promise<T | Lack>): Promise<T> {
  const end = clock.now() + seconds * 1000;
  for (;;) {
    const found = await ask();
    if (!(found instanceof Lack)) return found;
    if (clock.now() >= end) throw new Error(`${what}: not within ${seconds} s (${found.text})`);
    await clock.sleep(1);
  }
}
