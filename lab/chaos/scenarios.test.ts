import { expect, test } from "vitest";
import { replacedWithin } from "./goals.ts";
import { scenarios } from "./scenarios.ts";

test("every scenario has a name of its own and at least one goal", () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  expect(scenarios.filter(({ goals }) => goals.length === 0)).toEqual([]);
});

test("each kind of machine suffers what the issue names, but for data, which has no second machine", () => {
  const faults = (tier: string) =>
    scenarios
      .filter((scenario) => scenario.tier === tier && scenario.name.startsWith(`${tier}-`))
      .map(({ name }) => name.slice(tier.length + 1))
      .sort();
  for (const tier of ["front", "back", "machine-learning", "back-balancer", "reverse-proxy"]) {
    expect(faults(tier)).toEqual(["freeze", "full", "link", "power", "process", "slow"]);
  }
  expect(faults("data")).toEqual(["freeze", "link", "process", "slow"]);
});

test("where a machine does not come back, another one must", () => {
  const asksForOne = replacedWithin(60).toString();
  for (const { name, final, goals } of scenarios) {
    expect([name, goals.some((goal) => goal.toString() === asksForOne)]).toEqual([name, final ?? false]);
  }
});
