/** A clock that only waiting moves. */
import type { Clock } from "../waiting.ts";

export function testClock(): Clock {
  let now = 0;
  return {
    nowSeconds: () => now,
    sleep(seconds) {
      now += seconds;
      return Promise.resolve();
    },
  };
}
