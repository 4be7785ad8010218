/** What autoscale decides, from a profile and the metric so far. Pure; all times are minutes. */
import { minutesOf } from "../durations.ts";
import type { Profile, Rule } from "./autoscaleSchema.ts";

/** The metric of a scale set: a sample every minute, with the value of each member that was measured. */
export interface Series {
  /** When sampling began. */
  since: number;
  samples: { at: number; values: number[] }[];
}

/** A scale action that was taken, and the time after it in which no other is. */
interface LastScale {
  at: number;
  cooldown: number;
}

interface Decision {
  count: number;
  /** Of the rule that fired; absent where the profile's limits alone demand the count. */
  cooldown?: number;
}

/** The number of instances that the profile wants in place of `count`; undefined: it is content. */
export function evaluate(
  series: Series,
  { capacity, rules }: Profile,
  count: number,
  nowMinutes: number,
  last?: LastScale,
): Decision | undefined {
  const [minimum, maximum, standard] = [Number(capacity.minimum), Number(capacity.maximum), Number(capacity.default)];
  const limited = (wanted: number): number => Math.min(maximum, Math.max(minimum, wanted));
  if (limited(count) !== count) return { count: limited(count) };
  if (last && nowMinutes < last.at + last.cooldown) return undefined;

  // What happened before sampling began is not known, so it is waited for.
  const longest = Math.max(...rules.map((rule) => minutesOf(rule.metricTrigger.timeWindow)));
  if (rules.length === 0 || nowMinutes - series.since < longest) return undefined;
  const values = new Map(rules.map((rule) => [rule, measure(rule, series, nowMinutes)]));
  if ([...values.values()].includes(undefined)) return count < standard ? { count: standard } : undefined;
  const fires = (rule: Rule, instances = count): boolean =>
    operators[rule.metricTrigger.operator](
      estimate(rule, values.get(rule)!, count, instances),
      rule.metricTrigger.threshold,
    );

  const outward = rules.filter((rule) => rule.scaleAction.direction === "Increase");
  const inward = rules.filter((rule) => rule.scaleAction.direction === "Decrease");
  const firing = outward.filter((rule) => fires(rule));
  if (firing.length > 0) {
    const more = highest(firing, count);
    return limited(more.count) > count ? { ...more, count: limited(more.count) } : undefined;
  }
  if (inward.length === 0 || !inward.every((rule) => fires(rule))) return undefined;
  const fewer = highest(inward, count);
  // With fewer instances no rule must want more again: then as many go as can, or none.
  for (let instances = limited(fewer.count); instances < count; instances += 1) {
    if (!outward.some((rule) => fires(rule, instances))) return { ...fewer, count: instances };
  }
  return undefined;
}

/** Of several rules the one that leaves most instances decides, outward as inward. */
function highest(rules: Rule[], count: number): Required<Decision> {
  const wanted = rules.map(({ scaleAction }) => ({
    count: target(scaleAction, count),
    cooldown: minutesOf(scaleAction.cooldown),
  }));
  return wanted.reduce((a, b) => (b.count > a.count ? b : a));
}

/** The count that an action asks for. A part of an instance counts as one. */
function target({ direction, type, value = "1" }: Rule["scaleAction"], count: number): number {
  const sign = direction === "Increase" ? 1 : -1;
  switch (type) {
    case "ChangeCount":
      return count + sign * Number(value);
    case "PercentChangeCount":
      return count + sign * Math.ceil((count * Number(value)) / 100);
    case "ExactCount":
      return Number(value);
  }
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const average = (values: number[]): number => sum(values) / values.length;

const statistics: Record<Rule["metricTrigger"]["statistic"], (values: number[]) => number> = {
  Average: average,
  Min: (values) => Math.min(...values),
  Max: (values) => Math.max(...values),
  Sum: sum,
  Count: (values) => values.length,
};

const aggregations: Record<Rule["metricTrigger"]["timeAggregation"], (points: number[]) => number> = {
  Average: average,
  Minimum: (points) => Math.min(...points),
  Maximum: (points) => Math.max(...points),
  Total: sum,
  Count: (points) => points.length,
  Last: (points) => points.at(-1)!,
};

const operators: Record<Rule["metricTrigger"]["operator"], (value: number, threshold: number) => boolean> = {
  Equals: (value, threshold) => value === threshold,
  NotEquals: (value, threshold) => value !== threshold,
  GreaterThan: (value, threshold) => value > threshold,
  GreaterThanOrEqual: (value, threshold) => value >= threshold,
  LessThan: (value, threshold) => value < threshold,
  LessThanOrEqual: (value, threshold) => value <= threshold,
};

/** A rule's metric: the members' values of each grain become a point, the points of the window one number. */
function measure({ metricTrigger }: Rule, { samples }: Series, nowMinutes: number): number | undefined {
  const { timeWindow, timeGrain, statistic, timeAggregation } = metricTrigger;
  const recent = samples.filter(({ at }) => at > nowMinutes - minutesOf(timeWindow));
  const grain = Math.max(1, Math.round(minutesOf(timeGrain)));
  const points: number[] = [];
  for (let end = recent.length; end > 0; end -= grain) {
    const values = recent.slice(Math.max(0, end - grain), end).flatMap((sample) => sample.values);
    if (values.length > 0) points.unshift(statistics[statistic](values));
  }
  return points.length > 0 ? aggregations[timeAggregation](points) : undefined;
}

/** A rule's metric if the same load were shared by another number of instances. */
function estimate({ metricTrigger }: Rule, value: number, count: number, instances: number): number {
  const { statistic, timeAggregation, dividePerInstance } = metricTrigger;
  const isWhole = statistic === "Sum" || statistic === "Count" || timeAggregation === "Count";
  if (isWhole) return dividePerInstance ? value / instances : value;
  return dividePerInstance ? value / count : (value * count) / instances;
}
