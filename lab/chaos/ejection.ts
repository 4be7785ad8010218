/** When a machine stopped, or began, to have a part in what clients see; by the history of their requests. Pure. */
import { failed, touched, type RequestRecord } from "./history.ts";
import { percentile } from "./figures.ts";

/** When the first request after an instant was planned that the machine answered or passed on. */
export function firstAnswerOf(records: readonly RequestRecord[], hostName: string, after: number): number | undefined {
  return records.find((record) => record.planned >= after && touched(record, hostName))?.planned;
}

/**
 * Milliseconds above which a request was held up by something that did not answer. One attempt to connect in vain, of 100
 * or 200 ms, is no harm: Azure's load balancer gives a lost machine new connections for ten seconds and more. A machine
 * that is busy by itself may need longer for what is usual.
 */
export function slowness(before: readonly RequestRecord[]): number {
  return Math.max(
    250,
    2 *
      (percentile(
        before.map(({ latency }) => latency),
        0.99,
      ) || 0),
  );
}

export interface EjectionQuestion {
  /** The instant of the fault, milliseconds since 1970. */
  at: number;
  /** A request that takes longer was held up. */
  slow: number;
  /** The lost machine's host name, where it must not answer again. */
  hostName?: string;
  /** Seconds without effect after which the effect is over. Default 1. */
  calm?: number;
  /** Share of requests that may be slow in a calm time all the same. Default 1%. */
  tolerance?: number;
}

/**
 * Seconds from a fault until the last request that it did something to: that failed, was held up, or was answered by
 * the machine that should be gone. The effect is over before the first calm time: later trouble has later causes (the
 * new machine that installs itself, say).
 */
export function ejection(records: readonly RequestRecord[], question: EjectionQuestion): number {
  const { at, slow, hostName, calm = 1, tolerance = 0.01 } = question;
  const after = records.filter(({ planned }) => planned >= at);
  const gone = after.map((record) => failed(record) || (hostName !== undefined && touched(record, hostName)));
  const held = after.map(({ latency }) => latency > slow);
  const [goneBefore, heldBefore] = [gone, held].map(runningCount);
  const within = (counts: number[] | undefined, from: number, until: number) =>
    (counts?.[until] ?? 0) - (counts?.[from] ?? 0);

  const effects = [at, ...after.filter((_, index) => gone[index] || held[index]).map(({ planned }) => planned)];
  let from = 0;
  let until = 0;
  for (const last of effects) {
    while ((after[from]?.planned ?? Infinity) <= last) from++;
    while ((after[until]?.planned ?? Infinity) <= last + calm * 1000) until++;
    const calmNow =
      within(goneBefore, from, until) === 0 && within(heldBefore, from, until) <= tolerance * (until - from);
    if (calmNow) return (last - at) / 1000;
  }
  // Not reached: nothing comes after the last effect.
  return 0;
}

/** How many of the flags before each index are set. */
function runningCount(flags: readonly boolean[]): number[] {
  const counts = [0];
  for (const flag of flags) counts.push((counts.at(-1) ?? 0) + (flag ? 1 : 0));
  return counts;
}
