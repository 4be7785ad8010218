/** Looks at the environment's status again and again, and remembers when it changed. */
import type { StackStatus } from "../cli/status.ts";
import { Lack, until, type Clock } from "./clock.ts";
import { lacks, type Sighting } from "./sightings.ts";
import type { Tools } from "./tools.ts";

/** Seconds between two looks: the precision of what is told of machines. */
const pause = 0.5;

export class Watch {
  readonly sightings: Sighting[] = [];
  readonly #ask: () => Promise<StackStatus>;
  readonly #clock: Clock;
  #last = "";
  #watching = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(ask: () => Promise<StackStatus>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** Takes a first look, and goes on looking until `stop`. */
  async start(): Promise<void> {
    await this.look();
    this.#watching = true;
    this.#ended = this.#watch();
  }

  async stop(): Promise<void> {
    this.#watching = false;
    await this.#ended;
  }

  async look(): Promise<StackStatus> {
    const status = await this.#ask();
    const text = JSON.stringify(status);
    if (text !== this.#last) this.sightings.push({ at: this.#clock.now(), status });
    this.#last = text;
    return status;
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      // A daemon that is being started again answers the next time.
      await this.look().catch(() => {});
      // Whoever is told to end everything ends this too, by `stop`.
      await this.#clock.sleep(pause).catch(() => {
        this.#watching = false;
      });
    }
  }
}

/** Waits until the environment is whole, and returns its status. */
export async function untilWhole(
  tools: Tools,
  wanted: Record<string, number>,
  seconds: number,
  when: string,
): Promise<StackStatus> {
  return until(tools.clock, `the environment is whole ${when}`, seconds, async () => {
    try {
      const status = await tools.status();
      const found = lacks(status, wanted);
      return found.length === 0 ? status : new Lack(found.join(", "));
    } catch (error) {
      // A daemon that is busy, or is being started again, answers the next time.
      return new Lack(error instanceof Error ? error.message : String(error));
    }
  });
}
