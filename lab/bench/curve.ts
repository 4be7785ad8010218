/** The curve of an environment: what it serves at rising rates, its capacity and far beyond it. */
import type { Capacity } from "../chaos/capacity.ts";
import { medianOf, type Serving } from "../chaos/serving.ts";
import { measureStep, untilCalm, type Place } from "../chaos/step.ts";

export interface Series {
  name: string;
  capacity: Capacity;
  /** By rate, in the order in which they were measured. */
  steps: Serving[];
  /** Why there are no more steps. */
  trouble?: string;
}

export interface CurvePlan {
  /** Requests a second. */
  rates: readonly number[];
  seconds: number;
  /** How often each step is measured; the median counts. */
  repeat: number;
  /** Seconds in which the environment must be calm again after a step. */
  patienceSeconds: number;
}

/** The beginning of each step, which does not count. */
export const warmUpSeconds = 3;

/** Adds the steps to the series, and tells each. Where the environment does not become calm, the curve ends. */
export async function measureCurve(
  place: Place,
  series: Series,
  { rates, seconds, repeat, patienceSeconds }: CurvePlan,
  told: (serving: Serving) => Promise<void> | void,
): Promise<void> {
  for (const [index, rate] of rates.entries()) {
    const measure = async (time: number): Promise<Serving> => {
      await untilCalm(place, patienceSeconds);
      const name = `step-${index + 1}-at-${rate}-${time}`;
      return measureStep({ ...place, seed: place.seed + 100 * index + time }, { name, rate, seconds, warmUpSeconds });
    };
    let serving: Serving;
    try {
      const times: [Serving, ...Serving[]] = [await measure(1)];
      while (times.length < repeat) times.push(await measure(times.length + 1));
      serving = medianOf(times);
    } catch (error) {
      series.trouble = `before ${rate} requests a second: ${error instanceof Error ? error.message : String(error)}`;
      return;
    }
    series.steps.push(serving);
    await told(serving);
  }
}
