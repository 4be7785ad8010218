import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { overloads } from "./overload.ts";
import { FakeLab, machine, shedding, status, type FakeLabOptions } from "./testing/fakeLab.ts";
import { start } from "./testing/histories.ts";

const tiers = ["back", "back-balancer", "reverse-proxy"];
const all = tiers.flatMap((tier) => [machine(tier, 1), machine(tier, 2)]);
const wanted = Object.fromEntries(tiers.map((tier) => [tier, 2]));
const capacity = { rate: 100, goodput: 100, confirmed: true, steps: [] };
/** Everything that may have been written in a phase. */
const everything = (ids: string) =>
  ["full", "before", "excess", "after"].flatMap((phase) =>
    Array.from({ length: 25_000 }, (_, index) => `${ids}-${phase}-${index}`),
  );
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "overload-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const lab = (more: Partial<FakeLabOptions> = {}) =>
  new FakeLab({
    status: () => status(all),
    answer: (_, number, rate) => shedding(100, number, rate),
    kept: everything,
    ...more,
  });

function run(given: FakeLab, name: string, more: { capacity?: typeof capacity } = { capacity }) {
  const found = overloads.find((one) => one.name === name);
  if (!found) throw new Error(`no experiment ${name}`);
  return found.run({ tools: given, rate: 60, seed: 1, run: 1, wanted, recoverySeconds: 120, directory, ...more });
}

test("the loads come one after the other, each of its own rate and time", async () => {
  const given = lab();
  const { verdicts, figures } = await run(given, "overload-4");
  expect(verdicts.filter(({ met }) => !met)).toEqual([]);
  expect(figures).toMatchObject({ "offered /s": 400, "goodput /s": 100, "refused /s": 300, missing: 0, twice: 0 });
  expect(given.said).toEqual([
    "full: 120 requests a second for 30 s",
    "before: 60 requests a second for 20 s",
    "excess: 400 requests a second for 60 s",
    "after: 60 requests a second for 40 s",
  ]);
  for (const file of ["outcome.json", "sightings.json", "excess"]) expect(existsSync(join(directory, file))).toBe(true);
});

test.each(["back-power", "back-process", "back-balancer-power", "reverse-proxy-power"])(
  "overload-2-%s breaks a machine of its kind 20 s into the excess",
  async (name) => {
    const [, tier = "", fault = ""] = /^(.*)-(\w+)$/.exec(name) ?? [];
    let at = 0;
    let killed = "";
    const given = lab({
      onCommand: (command) => {
        if (command.startsWith("kill")) [at, killed] = [given.clock.nowMs(), command];
      },
    });
    let excess = 0;
    given.say = (text) => (excess = text.startsWith("excess") ? given.clock.nowMs() : excess);
    const { verdicts } = await run(given, `overload-2-${name}`);
    expect(killed).toMatch(new RegExp(`^kill ${tier}_. ${fault}$`));
    expect((at - excess) / 1000).toBe(20);
    expect(verdicts.filter(({ met }) => !met)).toEqual([]);
  },
);

test("a machine that is to be replaced is lost 15 s before the excess, and silence is repaired meanwhile", async () => {
  const given = lab({
    settings: { missingHealth: "ignored" },
    status: (sinceKill) => {
      const [lost, other] = all.filter(({ tier }) => tier === "back");
      const broken = given.commands.some((command) => command.includes("back_2 disk")) ? other : lost;
      const others = all.filter(({ name }) => name !== broken?.name);
      if (sinceKill === undefined || !broken) return status(all);
      if (sinceKill < 30_000)
        return status([...others, { ...broken, state: "lost", health: "Missing" }], [broken.name]);
      const health = sinceKill < 70_000 ? "Initializing" : "Healthy";
      return status([...others, machine("back", 3, { health })], sinceKill < 70_000 ? ["back_3"] : []);
    },
  });
  const { verdicts, figures } = await run(given, "overload-2-repair");
  expect(verdicts.filter(({ met }) => !met)).toEqual([]);
  expect(figures["newcomer healthy s"]).toBeCloseTo(70, 0);
  expect(given.said).toContain("before: 60 requests a second for 35 s");
  expect(given.said).toContain("excess: 200 requests a second for 90 s");
  expect(given.commands.filter((command) => !command.startsWith("load"))).toEqual([
    "missing health is repaired",
    expect.stringMatching(/^kill back_. disk$/),
    "kept",
    "missing health is ignored",
  ]);
});

test("what an environment that collapses misses is told", async () => {
  let collapsed = false;
  const given = lab({
    answer: (_, __, rate) => {
      collapsed ||= rate > 100;
      return collapsed ? { status: 504, latency: 5000 } : {};
    },
  });
  const missed = (await run(given, "overload-2")).verdicts.filter(({ met }) => !met).map(({ goal }) => goal);
  expect(missed).toEqual([
    "before the excess: goodput",
    "the excess: 99th percentile of what was served",
    "the excess: neither served nor refused",
    "5 s after the excess: no request failed",
    "5 s after the excess: 99th percentile",
  ]);
});

test("without a capacity, and where the kind of machine is not there, nothing is begun", async () => {
  await expect(run(lab(), "overload-2", {})).rejects.toThrow("the capacity is not known");
  const few = all.filter(({ tier }) => tier !== "back-balancer");
  const given = lab({ status: () => status(few) });
  await expect(
    overloads
      .find(({ name }) => name === "overload-2-back-balancer-power")
      ?.run({
        tools: given,
        rate: 60,
        capacity,
        seed: 1,
        run: 1,
        wanted: { back: 2, "reverse-proxy": 2 },
        recoverySeconds: 120,
        directory,
      }),
  ).rejects.toThrow("the stack has no machine of the kind back-balancer");
  expect(given.commands).toEqual([]);
});

test("Ctrl-C in the excess ends every load", async () => {
  const given = lab();
  given.say = (text) => {
    if (text.startsWith("excess")) setTimeout(() => given.clock.end(), 0);
  };
  await expect(run(given, "overload-2-back-power")).rejects.toThrow("ended");
  // The light load first, which shows that it is calm.
  expect(given.commands).toEqual(
    ["load", "load ends", "load", "load", "load", "load ends", "load ends", "load ends"].map((text) =>
      text === "load" ? "load in lab-outside" : text,
    ),
  );
  expect(given.clock.nowMs()).toBeLessThan(start + 90_000);
});
