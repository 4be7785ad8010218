import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StackStatus } from "../cli/status.ts";
import { runScenario } from "./disturbed.ts";
import { scenarios, type Scenario } from "./scenarios.ts";
import { FakeLab, machine, status, type FakeLabOptions } from "./testing/fakeLab.ts";

const tiers = ["front", "back", "back-balancer", "reverse-proxy"];
const all = tiers.flatMap((tier) => [machine(tier, 1), machine(tier, 2)]);
const wanted = Object.fromEntries(tiers.map((tier) => [tier, 2]));
/** Everything that may have been written. */
const everything = (prefix: string) => Array.from({ length: 40_000 }, (_, index) => `${prefix}-${index}`);
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "chaos-"));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function scenario(name: string): Scenario {
  const found = scenarios.find((one) => one.name === name);
  if (!found) throw new Error(`no scenario ${name}`);
  return found;
}

function run(lab: FakeLab, name: string) {
  return runScenario(scenario(name), {
    tools: lab,
    rate: 100,
    seed: 1,
    run: 1,
    wanted,
    recoverySeconds: 120,
    directory,
  });
}

/** The first front machine is lost, given up after 30 s, and another one serves after 70 s. */
function lost(given: StackStatus["machines"][number], sinceKill: number | undefined): StackStatus {
  const others = all.filter(({ name }) => name !== given.name);
  const next = { ...machine("front", 3), health: (sinceKill ?? 0) > 60_000 ? "Healthy" : "Initializing" };
  if (sinceKill === undefined) return status(all);
  if (sinceKill < 30_000) return status([...others, { ...given, state: "stopped", health: "Unknown" }], [given.name]);
  return status([...others, next], sinceKill > 70_000 ? [] : ["front_3"]);
}

function lab(more: Partial<FakeLabOptions> = {}): FakeLab {
  return new FakeLab({ status: () => status(all), kept: everything, ...more });
}

test("a lost machine that is replaced in time, with no request failed, meets every goal", async () => {
  let killed = all[0] ?? machine("front", 1);
  const given = lab({
    status: (sinceKill) => lost(killed, sinceKill),
    onCommand: (command) => {
      if (command.startsWith("kill")) killed = all.find(({ name }) => command.includes(name)) ?? killed;
    },
    answer: (sinceKill, number) =>
      sinceKill === undefined
        ? { passed: [number % 2 ? "front001" : "front002"] }
        : {
            passed: [sinceKill > 72_000 ? "front003" : killed.name === "front_1" ? "front002" : "front001"],
            latency: sinceKill < 400 ? 320 : 10,
          },
  });
  const { verdicts, figures } = await run(given, "front-power");
  expect(verdicts.filter(({ met }) => !met)).toEqual([]);
  expect(figures["failed reads"]).toBe(0);
  expect(figures["ejected s"]).toBeCloseTo(0.4, 1);
  // From the verdict, which was seen up to half a second late, to the first answer of the new machine.
  expect(figures["replaced s"]).toBeGreaterThan(41);
  expect(figures["replaced s"]).toBeLessThan(43);
  expect(given.commands).toEqual(["load in lab-outside", `kill ${killed.name} power`, "load ends", "kept"]);
  expect(existsSync(join(directory, "outcome.json"))).toBe(true);
});

test("an environment that does not become whole ends the run in time, with its figures", async () => {
  const given = lab({ status: (sinceKill) => (sinceKill === undefined ? status(all) : status(all.slice(1))) });
  const { verdicts, figures } = await run(given, "front-power");
  expect(verdicts.filter(({ met }) => !met).map(({ goal }) => goal)).toEqual([
    "as many machines as configured, healthy and in rotation",
    "another machine converged and serves",
    "a machine serves in its place",
  ]);
  expect(figures["whole s"]).toBeNaN();
  expect(given.said.join()).toContain("the environment is whole again: not within 120 s (1 of 2 front");
  expect(given.commands.at(-2)).toBe("load ends");
});

test("a machine whose host is lost comes back where missing health is ignored, and that meets every goal", async () => {
  let killed = all[0] ?? machine("front", 1);
  const given = lab({
    settings: { missingHealth: "ignored", serviceHealingSeconds: 20 },
    status: (sinceKill) => {
      const others = all.filter(({ name }) => name !== killed.name);
      const gone = sinceKill !== undefined && sinceKill < 30_000;
      return gone ? status([...others, { ...killed, state: "lost", health: "Missing" }], [killed.name]) : status(all);
    },
    onCommand: (command) => {
      if (command.startsWith("kill")) killed = all.find(({ name }) => command.includes(name)) ?? killed;
    },
    answer: (sinceKill, number) =>
      sinceKill === undefined || sinceKill > 31_000
        ? { passed: [number % 2 ? "front001" : "front002"] }
        : { passed: [killed.name === "front_1" ? "front002" : "front001"] },
  });
  const { verdicts, figures } = await run(given, "front-power");
  expect(verdicts.filter(({ met }) => !met)).toEqual([]);
  expect(verdicts.map(({ goal }) => goal)).toContain("no machine was replaced");
  expect(figures["serves again s"]).toBeCloseTo(31, 0);
  expect(figures["replaced s"]).toBeNaN();
});

test("a failed read and a lost write are verdicts", async () => {
  const given = lab({
    answer: (sinceKill, number) => (sinceKill !== undefined && number % 200 === 1 ? { status: 502 } : {}),
    kept: () => [],
  });
  const missed = (await run(given, "back-link")).verdicts.filter(({ met }) => !met);
  expect(missed.map(({ goal }) => goal)).toEqual([
    "what was acknowledged is there, once",
    "no idempotent request failed",
  ]);
});

test("nothing is broken while the load is not steady, and the load is ended", async () => {
  const given = lab({ answer: () => ({ status: 0, error: "connection refused" }) });
  await expect(run(given, "front-power")).rejects.toThrow(
    /the load is steady: not within 90 s \(\d+ of \d+ failed: .*connection refused/,
  );
  expect(given.commands).toEqual(["load in lab-outside", "load ends"]);
});

test("nothing is begun in an environment that is not whole", async () => {
  const given = lab({ status: () => status(all.slice(1)) });
  await expect(run(given, "front-power")).rejects.toThrow(
    "the environment is whole before anything is broken: not within 120 s (1 of 2 front)",
  );
  expect(given.commands).toEqual([]);
});

test("Ctrl-C in the middle mends the machine and ends the load", async () => {
  const given = lab({
    onCommand: (command) => {
      if (command.endsWith("freeze")) setTimeout(() => given.clock.end(), 0);
    },
  });
  await expect(run(given, "back-freeze")).rejects.toThrow("ended");
  expect(given.commands).toEqual([
    "load in lab-outside",
    expect.stringMatching(/^kill back_. freeze$/),
    expect.stringMatching(/^kill back_. thaw$/),
    "load ends",
  ]);
});

test("the seed chooses the machine", async () => {
  const broken = async (seed: number) => {
    const given = lab();
    await runScenario(scenario("back-process"), {
      tools: given,
      rate: 100,
      seed,
      run: 1,
      wanted,
      recoverySeconds: 120,
      directory,
    });
    return given.commands.find((command) => command.startsWith("kill"));
  };
  const chosen = [];
  for (const seed of [1, 1, 2, 3, 4, 5]) chosen.push(await broken(seed));
  expect(chosen[0]).toBe(chosen[1]);
  expect(new Set(chosen).size).toBe(2);
});
