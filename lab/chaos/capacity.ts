/** The highest rate at which the environment answers nearly everything in time: experiments scale with it. */
import { boundsOf, isConfirmed, nextTrial, type Trial } from "./capacitySearch.ts";
import type { Serving } from "./serving.ts";
import { measureStep, untilCalm, type Place } from "./step.ts";

/** Seconds that the measurement takes at the longest. */
const longestSeconds = 240;
/** The beginning of each step, which does not count. */
const warmUpSeconds = 2;
/** Share of the requests that must be answered well within a second. */
const goodShare = 0.99;

export interface Capacity {
  /** Requests a second: the highest rate at which 99% were answered well within a second. */
  rate: number;
  /** Answers within a second, a second, of the best step. */
  goodput: number;
  /** A longer step at the rate passed as well. */
  confirmed: boolean;
  steps: Serving[];
}

/** @throws where the environment serves nothing, or is not calm. */
export async function measureCapacity(place: Place): Promise<Capacity> {
  const { tools } = place;
  const end = tools.clock.nowMs() + longestSeconds * 1000;
  const secondsLeft = () => (end - tools.clock.nowMs()) / 1000;
  const trials: Trial[] = [];
  const steps: Serving[] = [];
  for (let next; (next = nextTrial(trials, secondsLeft()));) {
    // After a step that passed nothing is left over.
    if (!trials.at(-1)?.passed) {
      try {
        await untilCalm(place, secondsLeft());
      } catch (error) {
        if (boundsOf(trials).low === 0) throw error;
        tools.say(`the search ends: ${error instanceof Error ? error.message : String(error)}`);
        break;
      }
      next = nextTrial(trials, secondsLeft());
      if (!next) break;
    }
    const { rate, seconds } = next;
    const serving = await measureStep(
      { ...place, seed: place.seed + trials.length },
      { name: `${trials.length + 1}-at-${rate}`, rate, seconds, warmUpSeconds },
    );
    const passed = serving.good >= goodShare;
    tools.say(
      `${rate} requests a second for ${seconds} s: ${(serving.good * 100).toFixed(1)}% answered well within a second`,
    );
    trials.push({ rate, seconds, passed });
    steps.push(serving);
  }
  const { low: rate, high } = boundsOf(trials);
  if (rate === 0) throw new Error(`the environment does not serve ${high} requests a second in time`);
  const goodput = Math.max(...steps.map((step) => step.goodput));
  return { rate, goodput, confirmed: isConfirmed(trials), steps };
}

export function capacityText({ rate, goodput, confirmed }: Capacity): string {
  return `capacity: ${rate} requests a second${confirmed ? "" : " (not confirmed by a longer step)"}, best goodput ${goodput.toFixed(0)}`;
}
