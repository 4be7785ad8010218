/** Figures of many values: percentiles within a run, and how a figure spreads over runs. Pure. */

/** The smallest value that is not below the given share of them (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** Of a few runs no more can be said honestly than what came out at least, at most and in the middle. */
export function spread(values: readonly number[]): Spread {
  return { min: percentile(values, 0), median: percentile(values, 0.5), max: percentile(values, 1) };
}

/** `3.2` of one run, `3.2 (2.9-4.1)` of several. */
export function spreadText(values: readonly number[]): string {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return "-";
  const { min, median, max } = spread(known);
  const text = (value: number) => String(Number(value.toFixed(2)));
  return known.length === 1 || text(min) === text(max) ? text(median) : `${text(median)} (${text(min)}-${text(max)})`;
}
