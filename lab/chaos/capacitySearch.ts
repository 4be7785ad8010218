/** Which rate is tried next, in search of the highest one that the environment serves in time. Pure. */

export interface Trial {
  /** Requests a second. */
  rate: number;
  seconds: number;
  /** Nearly all of the requests were answered well in time. */
  passed: boolean;
}

/** Rates in requests a second, times in seconds. */
export const search = {
  first: 150,
  /** The staircase: each rate is so many times the last one, until one fails. */
  growth: 1.3,
  /** Between a rate that passed and one that failed is no more than this. */
  precision: 1.08,
  least: 10,
  most: 20_000,
  /** A step, and the one that confirms what was found. */
  short: 8,
  long: 20,
  /** What a step takes besides: what is under way at its end is waited for. */
  overhead: 12,
};

/** The highest rate that passed below all that failed, and the lowest that failed; 0 and Infinity where there is none. */
export function boundsOf(trials: readonly Trial[]): { low: number; high: number } {
  const high = Math.min(Infinity, ...trials.filter(({ passed }) => !passed).map(({ rate }) => rate));
  const low = Math.max(0, ...trials.filter(({ passed, rate }) => passed && rate < high).map(({ rate }) => rate));
  return { low, high };
}

/** Whether a longer step passed at the highest rate that passed. */
export function isConfirmed(trials: readonly Trial[]): boolean {
  const { low } = boundsOf(trials);
  return trials.some(({ rate, seconds, passed }) => passed && rate === low && seconds >= search.long);
}

/** Undefined when the search is over, or the time. A confirmation that fails is a rate that failed: the search goes on. */
export function nextTrial(trials: readonly Trial[], secondsLeft: number): Pick<Trial, "rate" | "seconds"> | undefined {
  const { first, growth, precision, least, most, short, long, overhead } = search;
  const { low, high } = boundsOf(trials);
  if (isConfirmed(trials) || (low === 0 && high <= least)) return undefined;
  const rate = Math.round(low === 0 && high === Infinity ? first : candidate());
  const isFound = low > 0 && (high / low <= precision || low >= most || rate <= low || rate >= high);
  const needed = (seconds: number) => seconds + overhead;
  const isLate = low > 0 && secondsLeft < needed(short) + needed(long);
  const next = isFound || isLate ? { rate: low, seconds: long } : { rate, seconds: short };
  return secondsLeft < needed(next.seconds) ? undefined : next;

  function candidate(): number {
    if (high === Infinity) return Math.min(most, low * growth);
    return low === 0 ? Math.max(least, high / growth) : Math.sqrt(low * high);
  }
}
