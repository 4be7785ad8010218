/** Waiting for something outside of our hands, with progress and an end. */

/** Time, so that tests need not wait. */
export interface Clock {
  nowSeconds(): number;
  sleep(seconds: number): Promise<void>;
}

export const realClock: Clock = {
  nowSeconds: () => Date.now() / 1000,
  sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
};

/** An attempt's outcome: the value, or what is still missing in words that a user reads. */
export type Attempt<T> = { value: T } | { missing: string };

export interface WaitOptions {
  /** Time after which waiting ends. */
  timeoutSeconds: number;
  /** Time between attempts. */
  intervalSeconds: number;
  /** Told what is missing, whenever that changes. */
  progress: (text: string) => void;
  clock?: Clock;
}

/** Attempts until there is a value. At the timeout the last attempt's `missing` is returned. */
export async function waitFor<T>(attempt: () => Promise<Attempt<T>>, options: WaitOptions): Promise<Attempt<T>> {
  const clock = options.clock ?? realClock;
  const end = clock.nowSeconds() + options.timeoutSeconds;
  let told = "";
  for (;;) {
    const result = await attempt();
    if ("value" in result || clock.nowSeconds() >= end) return result;
    if (result.missing !== told) options.progress((told = result.missing));
    await clock.sleep(options.intervalSeconds);
  }
}
