import { describe, expect, test } from "vitest";
import { missingHealthReadings, type LiveSettings } from "../liveSettings.ts";
import type { Outcome } from "./outcome.ts";
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
  for (const tier of ["front", "machine-learning", "back-balancer", "reverse-proxy"]) {
    expect(faults(tier)).toEqual(["freeze", "full", "link", "power", "process", "slow"]);
  }
  expect(faults("back")).toEqual(["freeze", "full", "hang", "link", "power", "process", "reboot", "slow"]);
  expect(faults("data")).toEqual(["freeze", "link", "process", "slow"]);
});

describe("a machine that falls silent", () => {
  const settings: LiveSettings = {
    missingHealth: "ignored",
    serviceHealingSeconds: 90,
    repairGraceSeconds: 30,
    vault: "whole",
    acme: "up",
    acmeDaySeconds: 86_400,
  };
  const outcome = { replaced: 60, newcomers: 0 } as Outcome;
  /** What is wanted of it, by the name of the goal. */
  const wanted = (name: string, more: Partial<LiveSettings> = {}) => {
    const silence = scenarios.find((one) => one.name === name)?.silent?.({ ...settings, ...more });
    return { final: silence?.final, goals: silence?.goals.map((goal) => goal(outcome)).map((one) => one.wanted) };
  };

  test("is in every scenario in which a host is lost, a guest hangs or reboots, and in no other", () => {
    const silent = scenarios.filter((one) => one.silent).map(({ name }) => name);
    expect(silent.sort()).toEqual(
      [
        ...["back", "back-balancer", "front", "machine-learning", "reverse-proxy"].map((tier) => `${tier}-power`),
        "back-hang",
        "back-reboot",
      ].sort(),
    );
  });
  test("comes back by service healing where missing health is ignored, and nothing is repaired", () => {
    expect(wanted("front-power")).toEqual({ final: false, goals: ["0 repairs", "within 155 s"] });
    expect(wanted("front-power", { serviceHealingSeconds: 20 }).goals).toContain("within 85 s");
  });
  test("is replaced after the grace period where missing health is repaired", () => {
    expect(wanted("front-power", { missingHealth: "repaired" })).toEqual({
      final: true,
      goals: ["within 60 s of the verdict", "within 95 s"],
    });
  });
  test("comes back where healing is quicker than the grace period, whatever the reading", () => {
    expect(wanted("front-power", { missingHealth: "repaired", serviceHealingSeconds: 20 }).final).toBe(false);
  });
  test("is reset in the end where it hangs and is not repaired", () => {
    expect(wanted("back-hang")).toEqual({ final: false, goals: ["0 repairs", "within 155 s"] });
    expect(wanted("back-hang", { missingHealth: "repaired" }).goals).toContain("within 115 s");
    expect(wanted("back-hang", { missingHealth: "repaired", repairGraceSeconds: 80 }).final).toBe(false);
  });
  test("is not repaired for a reboot, under either reading", () => {
    for (const missingHealth of missingHealthReadings)
      expect(wanted("back-reboot", { missingHealth })).toMatchObject({ final: false });
    expect(wanted("back-reboot").goals).toContain("0 repairs");
  });
});
