import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { interrupt } from "./interruption.ts";
import { fine, settings, stack, type Given } from "./testing/stack.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "interruption-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const work = { name: "machines come", settings, seconds: 100 };

test("an up is killed at its moment, and the same up follows at once, then preview and tour", async () => {
  const { tools, done } = stack();
  const found = await interrupt({ form: "up", work, how: "group" }, 40, tools, directory);
  expect(done).toEqual([
    `begin ${settings.join()}`,
    "kill group",
    `up ${settings.join()}`,
    `preview ${settings.join()}`,
  ]);
  expect(found).toMatchObject({
    killedAfter: 40,
    next: 90,
    recovered: false,
    resumed: false,
    lastLine: "+  azure-native:network:Subnet back creating",
  });
  expect("verdicts" in found && found.verdicts.map(({ met }) => met)).toEqual([true, true, true, true, true, true]);
});

test("one of a pipeline is previewed, and the next one has the same approval", async () => {
  const output = "bin/delivery: the apply of this approval has begun before and did not end; it goes on\n";
  const given: string[] = [];
  const { tools, done } = stack({
    up: (its, _, approved) => {
      given.push(`up with ${approved} ${its.join()}`);
      return Promise.resolve({ ...fine, output });
    },
  });
  const round = { form: "delivery up", work: { ...work, fromNothing: true }, how: "group" } as const;
  expect(await interrupt(round, 40, tools, directory)).toMatchObject({ killedAfter: 40, resumed: true });
  expect(done.slice(0, 4)).toEqual([
    "destroy",
    `approve ${settings.join()}`,
    `begin with approval ${settings.join()}`,
    "kill group",
  ]);
  expect(given).toEqual([`up with ${join(directory, "approved.json")} ${settings.join()}`]);
});

test("a work that begins with nothing destroys the stack first", async () => {
  const { tools, done } = stack();
  await interrupt({ form: "up", work: { ...work, settings: [], fromNothing: true }, how: "all" }, 40, tools, directory);
  expect(done.slice(0, 3)).toEqual(["destroy", "begin ", "kill all"]);
});

test("an up that ends before its moment is told with its time, and nothing is killed", async () => {
  const { tools, done } = stack({ ends: { after: 30, status: 0 } });
  expect(await interrupt({ form: "up", work, how: "group" }, 40, tools, directory)).toEqual({ endedAfter: 30 });
  expect(done).toEqual([`begin ${settings.join()}`]);
});

test("an up that ends in the moment of its kill was not interrupted", async () => {
  const { tools, done } = stack({ endsAtKill: true });
  expect(await interrupt({ form: "up", work, how: "group" }, 40, tools, directory)).toEqual({ endedAfter: 40 });
  expect(done).toEqual([`begin ${settings.join()}`, "kill group"]);
});

test("an up that fails by itself is no interruption", async () => {
  const { tools } = stack({ ends: { after: 30, status: 255 } });
  await expect(interrupt({ form: "up", work, how: "group" }, 40, tools, directory)).rejects.toThrow(
    "failed before it was killed",
  );
});

const missed = async (given: Given) => {
  const found = await interrupt({ form: "up", work, how: "group" }, 40, stack(given).tools, directory);
  return "verdicts" in found ? found.verdicts.filter(({ met }) => !met) : [];
};

test.each<[string, Given, string]>([
  ["a next up that fails", { up: () => Promise.resolve({ ...fine, status: 255 }) }, "status 255"],
  ["a pending operation", { pending: () => Promise.resolve(2) }, "2"],
  ["a machine too few", { becomesWhole: () => Promise.resolve(false) }, "no"],
  ["a tour without answer", { tour: () => Promise.resolve({ ...fine, status: 1 }) }, "status 1"],
  [
    "a change in the preview",
    {
      preview: () =>
        Promise.resolve({ ...fine, status: 255, output: "Previewing\n ~  Subnet back update\n    9 unchanged" }),
    },
    "~  Subnet back update",
  ],
])("%s is a miss", async (_, given, got) => {
  const [verdict, ...more] = await missed(given);
  expect(verdict?.got.trim()).toBe(got);
  expect(more).toEqual([]);
});

test("what ends soon after the kill is none that ran on; what does not is told, and killed", async () => {
  expect(await missed({ runsOn: 5 })).toEqual([]);
  const { tools, done } = stack({ runsOn: 1000 });
  const found = await interrupt({ form: "up", work, how: "group" }, 40, tools, directory);
  expect("verdicts" in found && found.verdicts.find(({ met }) => !met)?.got).toBe("ansible-playbook");
  expect(done).toContain("kill what is left");
});

test("that something had to be taken up is told", async () => {
  const output = "bin/lab: an up of stack dev was killed; what it had begun to make is looked for first\n";
  const { tools } = stack({ up: () => Promise.resolve({ ...fine, output }) });
  expect(await interrupt({ form: "up", work, how: "all" }, 40, tools, directory)).toMatchObject({ recovered: true });
});
