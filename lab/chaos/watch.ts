/** Looks at the environment's status again and again, and remembers when it changed. */
import type { StackStatus } from "../cli/status.ts";
import { Lack, until } from "../polling.ts";
import type { Clock } from "./clock.ts";
import { lacks, type Sighting } from "./sightings.ts";
import type { Tools } from "./tools.ts";

/** Between two looks: the precision of what is told of machines. */
const intervalSeconds = 0.5;

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

  /** Ends with a last look: what others have seen meanwhile is in the sightings. */
  async stop(): Promise<void> {
    if (!this.#watching) return;
    this.#watching = false;
    await this.#ended;
    await this.look().catch(() => {});
  }

  async look(): Promise<StackStatus> {
    const status = await this.#ask();
    const text = JSON.stringify(status);
    if (text !== this.#last) this.sightings.push({ at: this.#clock.nowMs(), status });
    this.#last = text;
    return status;
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      // A daemon that is being started again answers the next time.
      await this.look().catch(() => {});
      // When everything shall end, `stop` waits for this.
      await this.#clock.sleep(intervalSeconds).catch(() => {
        this.#watching = false;
      });
    }
  }
}

/** The environment's status where it is whole, or what it lacks. */
export async function wholeness(tools: Tools, wanted: Record<string, number>): Promise<StackStatus | Lack> {
  try {
    const status = await tools.status();
    const found = lacks(status, wanted);
    return found.length === 0 ? status : new Lack(found.join(", "));
  } catch (error) {
    // A daemon that is busy, or is being started again, answers the next time.
    return new Lack(error instanceof Error ? error.message : String(error));
  }
}

/** Waits until the environment is whole, and returns its status. */
export async function untilWhole(
  tools: Tools,
  wanted: Record<string, number>,
  timeoutSeconds: number,
  when: string,
): Promise<StackStatus> {
  const options = { timeoutSeconds, intervalSeconds: 1, clock: tools.clock };
  return until(`the environment is whole ${when}`, () => wholeness(tools, wanted), options);
}
