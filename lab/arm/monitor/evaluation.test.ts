import { describe, expect, test } from "vitest";
import type { Profile, Rule } from "./autoscaleSchema.ts";
import { evaluate, type Series } from "./evaluation.ts";

type Trigger = Rule["metricTrigger"];
type Action = Rule["scaleAction"];

const rule = (
  operator: Trigger["operator"],
  threshold: number,
  direction: Action["direction"],
  action: Partial<Action> = {},
  trigger: Partial<Trigger> = {},
): Rule => ({
  metricTrigger: {
    metricName: "Percentage CPU",
    metricResourceUri: "vmss",
    timeGrain: "PT1M",
    statistic: "Average",
    timeWindow: "PT5M",
    timeAggregation: "Average",
    operator,
    threshold,
    ...trigger,
  },
  scaleAction: { direction, type: "ChangeCount", value: "1", cooldown: "PT5M", ...action },
});
const out = (threshold: number, action?: Partial<Action>, trigger?: Partial<Trigger>) =>
  rule("GreaterThan", threshold, "Increase", action, trigger);
const inward = (threshold: number, action?: Partial<Action>, trigger?: Partial<Trigger>) =>
  rule("LessThan", threshold, "Decrease", action, trigger);
const profile = (rules: Rule[], minimum = 1, maximum = 10, standard = 2): Profile => ({
  name: "cpu",
  capacity: { minimum: String(minimum), maximum: String(maximum), default: String(standard) },
  rules,
});

/** A sample each minute until minute 100, the newest last; sampling began long before. */
const series = (...samples: number[][]): Series => ({
  since: 0,
  samples: samples.map((values, index) => ({ at: 101 - samples.length + index, values })),
});
const steady = (cpu: number, members: number): Series =>
  series(...Array.from({ length: 5 }, () => Array.from({ length: members }, () => cpu)));
const decide = (given: Series, rules: Rule[], count: number) => evaluate(given, profile(rules), count, 100.5)?.count;

describe("a profile's limits", () => {
  test("raise and lower the count at once, without metric, cooldown or rules", () => {
    const last = { at: 100, cooldown: 60 };
    expect(evaluate({ since: 100, samples: [] }, profile([], 3, 6, 3), 1, 100, last)).toEqual({ count: 3 });
    expect(evaluate({ since: 100, samples: [] }, profile([], 3, 6, 3), 8, 100, last)).toEqual({ count: 6 });
    expect(evaluate({ since: 100, samples: [] }, profile([], 3, 6, 3), 4, 100)).toBeUndefined();
  });

  test("bound what rules ask for", () => {
    const rules = [out(70, { value: "9" }), inward(30, { value: "9" })];
    expect(evaluate(steady(90, 2), profile(rules, 2, 4), 2, 100.5)?.count).toBe(4);
    expect(evaluate(steady(90, 4), profile(rules, 2, 4), 4, 100.5)).toBeUndefined();
    expect(evaluate(steady(5, 4), profile(rules, 2, 4), 4, 100.5)?.count).toBe(2);
  });
});

describe("rules", () => {
  test("add an instance above their threshold and take one below, and rest in between", () => {
    const rules = [out(70), inward(30)];
    expect(evaluate(steady(71, 2), profile(rules), 2, 100.5)).toEqual({ count: 3, cooldown: 5 });
    expect(decide(steady(70, 2), rules, 2)).toBeUndefined();
    expect(decide(steady(29, 3), rules, 3)).toBe(2);
    expect(decide(steady(30, 3), rules, 3)).toBeUndefined();
  });

  test("outward win over those inward, and the one that asks for most decides", () => {
    const contrary = rule("GreaterThan", 50, "Decrease");
    const rules = [out(60, { cooldown: "PT1M" }), out(70, { value: "3", cooldown: "PT7M" }), contrary];
    expect(evaluate(steady(90, 4), profile(rules), 4, 100.5)).toEqual({ count: 7, cooldown: 7 });
    expect(decide(steady(65, 4), rules, 4)).toBe(5);
  });

  test("inward act together or not at all, and the one that takes least decides", () => {
    const rules = [inward(30, { value: "50", type: "PercentChangeCount" }), inward(20, { value: "3" })];
    expect(decide(steady(25, 10), rules, 10)).toBeUndefined();
    expect(decide(steady(10, 10), rules, 10)).toBe(7);
  });

  test.each<[Partial<Action>, number, number]>([
    [{ type: "ChangeCount", value: "2" }, 4, 6],
    [{ type: "ChangeCount", value: undefined }, 4, 5],
    [{ type: "PercentChangeCount", value: "50" }, 4, 6],
    [{ type: "PercentChangeCount", value: "10" }, 4, 5],
    [{ type: "ExactCount", value: "8" }, 4, 8],
  ])("change the count by %j from %i to %i", (action, count, expected) => {
    expect(decide(steady(90, count), [out(70, action)], count)).toBe(expected);
  });

  test("wait for the cooldown of the last action, whatever its direction", () => {
    const at = (now: number) => evaluate(steady(90, 2), profile([out(70)]), 2, now, { at: 95, cooldown: 5.5 })?.count;
    expect(at(100.4)).toBeUndefined();
    expect(at(100.5)).toBe(3);
  });
});

describe("the metric", () => {
  const low = [10, 20];
  const high = [80, 100];
  test.each<[Partial<Trigger>, number]>([
    [{}, 39],
    [{ timeAggregation: "Maximum" }, 90],
    [{ timeAggregation: "Minimum" }, 15],
    [{ timeAggregation: "Last" }, 90],
    [{ timeAggregation: "Total" }, 195],
    [{ timeAggregation: "Count" }, 5],
    [{ statistic: "Max" }, 48],
    [{ statistic: "Min", timeAggregation: "Last" }, 80],
    [{ statistic: "Sum", timeAggregation: "Last" }, 180],
    [{ statistic: "Sum", timeAggregation: "Last", dividePerInstance: true }, 90],
    [{ statistic: "Count", timeAggregation: "Last" }, 2],
    [{ timeGrain: "PT5M", timeAggregation: "Maximum" }, 39],
    [{ timeWindow: "PT10M", timeAggregation: "Total" }, 210],
  ])("is made of members and minutes as %j says: %i", (trigger, expected) => {
    // The first is outside of a window of five minutes. 39 is the average of 15, 15, 15, 60 and 90.
    const given = series(low, low, low, low, [40, 80], high);
    const is = (operator: Trigger["operator"]) =>
      decide(given, [rule(operator, expected, "Increase", {}, trigger)], 2) !== undefined;
    expect([is("Equals"), is("NotEquals"), is("GreaterThanOrEqual"), is("LessThan")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test("is waited for until it has been sampled for the whole window", () => {
    const given = { ...steady(90, 2), since: 96 };
    expect(decide(given, [out(70)], 2)).toBeUndefined();
    expect(decide({ ...given, since: 95 }, [out(70)], 2)).toBe(3);
  });

  test("that cannot be read raises the count to the default, and takes nothing", () => {
    const none = series([], [], [], [], []);
    expect(evaluate(none, profile([out(70), inward(30)], 1, 5, 3), 2, 100.5)).toEqual({ count: 3 });
    expect(evaluate(none, profile([out(70), inward(30)], 1, 5, 3), 4, 100.5)).toBeUndefined();
  });
});

describe("flapping", () => {
  // The examples of https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-flapping
  test("is avoided: nothing goes when the rest would have too much to do", () => {
    expect(decide(steady(28, 2), [out(50), inward(30)], 2)).toBeUndefined();
    expect(decide(steady(24, 2), [out(50), inward(30)], 2)).toBe(1);
  });

  test("lets as many go as can", () => {
    expect(decide(steady(64, 10), [out(70), inward(65, { value: "5" })], 10)).toBeUndefined();
    expect(decide(steady(60, 10), [out(70), inward(65, { value: "5" })], 10)).toBe(9);
    expect(decide(steady(40, 10), [out(70), inward(65, { value: "5" })], 10)).toBe(6);
  });

  test("is no matter for a sum, which the members share", () => {
    const sum = { statistic: "Sum" } as const;
    expect(decide(steady(28, 2), [out(60, {}, sum), inward(58, {}, sum)], 2)).toBe(1);
  });
});
