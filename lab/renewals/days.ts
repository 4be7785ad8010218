/** Days that are seconds long: the authority counts in them, and no clock is set. */
import type { Clock } from "../chaos/clock.ts";

export const daySeconds = 20;
/** How often proxies look into the vault, and whether something is due: half a day, in place of a minute. */
export const refreshSeconds = 10;

export class Days {
  readonly #clock: Clock;
  readonly #first: number;
  /** When the first day began, milliseconds since 1970. */
  readonly began: number;

  constructor(clock: Clock, first: number) {
    this.#clock = clock;
    this.#first = first;
    this.began = clock.nowMs();
  }

  now(): number {
    return this.#first + (this.#clock.nowMs() - this.began) / 1000 / daySeconds;
  }

  /** Waits for a day; not at all where it has come. */
  async until(day: number): Promise<void> {
    const seconds = (day - this.now()) * daySeconds;
    // Also where it has come: this is where everything ends when it shall.
    await this.#clock.sleep(Math.max(0, seconds));
  }
}
