import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Round } from "./plan.ts";
import { InterruptionsRecord } from "./record.ts";
import { playRounds } from "./rounds.ts";
import { fine, settings, stack, type Given } from "./testing/stack.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rounds-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const rounds: Round[] = [
  {
    number: 1,
    form: "up",
    work: { name: "machines come", settings, seconds: 100 },
    before: [],
    share: 0.4,
    how: "group",
  },
  {
    number: 2,
    form: "delivery up",
    work: { name: "machines go", settings: [], seconds: 100 },
    before: settings,
    share: 0.2,
    how: "all",
  },
];
const come = `begin ${settings.join()}`;
const goes = ["approve ", "begin with approval ", "kill all", "up with approval ", "preview "];
const begin = () => InterruptionsRecord.begin(folder, { seed: 7, rounds: rounds.length, stack: "dev" });

/** What is done with a stack, and what is said. */
async function play(record: InterruptionsRecord, given: Given = {}, stop = new AbortController().signal) {
  const { tools, done } = stack(given);
  const said: string[] = [];
  await playRounds(rounds, record, tools, (message) => said.push(message), stop);
  return { done, said: said.join("\n") };
}

test("a suite begins with a build, and each round where the one before has ended", async () => {
  const record = begin();
  const { done, said } = await play(record);
  expect(done).toEqual([
    ...["destroy", "up "],
    ...[come, "kill group", `up ${settings.join()}`, `preview ${settings.join()}`],
    ...goes,
  ]);
  // The build took 90 s here, half of what works are told for.
  expect(said).toContain("1 of 2: up, machines come; group killed after 20.0 of some 50 s");
  expect(record.done.map(({ round, interruption }) => [round, interruption?.killedAfter])).toEqual([
    [1, 20],
    // A fifth of 65 s: the preview is a part of it.
    [2, 13],
  ]);
  expect(() => InterruptionsRecord.last(folder)).toThrow("no suite to go on with");
});

test("an up that ended before its moment is made once more, with the time that it took, from where its round begins", async () => {
  const record = begin();
  const { done, said } = await play(record, { ends: { after: 15, status: 0, once: true } });
  expect(done.slice(0, 6)).toEqual(["destroy", "up ", come, "up ", come, "kill group"]);
  expect(said).toContain("1 of 2: up, machines come; group killed after 6.0 of some 15 s");
  expect(existsSync(join(record.directory, "01", "before.log"))).toBe(true);
});

test("a round that could not be finished is told, and the next one brings the stack to where it begins", async () => {
  const { done, said } = await play(begin(), { ends: { after: 15, status: 255, once: true } });
  expect(said).toContain("NOT FINISHED  the up failed before it was killed (255)");
  expect(done).toEqual(["destroy", "up ", come, `up ${settings.join()}`, ...goes]);
  const again = await play(InterruptionsRecord.last(folder));
  expect(again.done.slice(0, 3)).toEqual(["up ", come, "kill group"]);
  expect(() => InterruptionsRecord.last(folder)).toThrow("no suite to go on with");
});

test("a build that fails ends the suite, which begins with it anew", async () => {
  await expect(
    play(begin(), { up: () => Promise.resolve({ ...fine, status: 255, output: "no vault" }) }),
  ).rejects.toThrow("bin/lab up dev ended with 255:\nno vault");
  expect((await play(InterruptionsRecord.last(folder))).done.slice(0, 2)).toEqual(["destroy", "up "]);
});

test("a suite that is ended goes on with the rounds that are left", async () => {
  const stop = new AbortController();
  const tour = () => {
    stop.abort();
    return Promise.resolve(fine);
  };
  const first = await play(begin(), { tour }, stop.signal);
  expect(first.done.at(-1)).toBe(`preview ${settings.join()}`);
  const second = await play(InterruptionsRecord.last(folder));
  expect(second.done).toEqual([`up ${settings.join()}`, ...goes]);
});
