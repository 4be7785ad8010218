import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Interruption } from "./interruption.ts";
import { InterruptionsRecord, missed, roundsText, type Done } from "./record.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "interruptions-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const options = { seed: 7, rounds: 20, stack: "dev" };
const interruption: Interruption = {
  killedAfter: 12.34,
  lastLine: "+  Subnet back creating",
  next: 91.2,
  recovered: true,
  resumed: true,
  verdicts: [{ goal: "the next up completed", wanted: "status 0", got: "status 0", met: true }],
};
const done: Done = { round: 1, form: "up", work: "machines come", how: "group", interruption };
const trouble: Done = { round: 2, form: "delivery up", work: "machines go", how: "all", trouble: "the lab went down" };

const come = { form: "up", work: { name: "machines come", settings: [], seconds: 100 } } as const;

test("a suite that was broken off goes on with its seed and its measures, without what it has finished", () => {
  const begun = InterruptionsRecord.begin(folder, options);
  begun.built(250);
  begun.ended(come, 80);
  begun.add(done);
  begun.add(trouble);
  const last = InterruptionsRecord.last(folder);
  expect([last.options, last.build, last.took(come), last.took({ ...come, form: "delivery up" })]).toEqual([
    options,
    250,
    80,
    undefined,
  ]);
  expect([last.has(1), last.has(2), last.has(3)]).toEqual([true, false, false]);
});

test("a suite whose rounds tell no form is none to go on with", () => {
  // JSON leaves out what is undefined.
  InterruptionsRecord.begin(folder, options).add({ ...done, form: undefined } as unknown as Done);
  expect(() => InterruptionsRecord.last(folder)).toThrow(
    "whose rounds tell no form, allowed is a suite of this version",
  );
});

test("a stack that was destroyed gets a vault of another name, and a suite that goes on knows it", () => {
  const begun = InterruptionsRecord.begin(folder, options, new Date("2026-01-01T10:00:00Z"));
  expect(begun.vault).toMatch(/^kv-[a-z0-9]{8}$/);
  const before = begun.vault;
  begun.nameVault();
  expect(begun.vault).not.toBe(before);
  expect(InterruptionsRecord.last(folder).vault).toBe(begun.vault);
});

test("a suite is finished when every round was done", () => {
  const begun = InterruptionsRecord.begin(folder, options);
  begun.add(trouble);
  begun.finish();
  expect(InterruptionsRecord.last(folder).directory).toBe(begun.directory);
  const last = InterruptionsRecord.last(folder);
  last.add({ ...done, round: 2 });
  last.finish();
  expect(() => InterruptionsRecord.last(folder)).toThrow("no suite to go on with");
});

test("a table tells each round, and misses are told one by one", () => {
  expect(roundsText([done, trouble])).toMatch(
    /1 +up +machines come +group +12\.3 +91, taken up, resumed +completed +\+ +Subnet back creating\n +2 +delivery up +machines go +all +- +- +the lab went down/,
  );
  const verdict = { goal: "the tour answers", wanted: "status 0", got: "status 1", met: false };
  expect(missed([done, trouble, { ...done, interruption: { ...interruption, verdicts: [verdict] } }])).toEqual([
    "2, machines go: not finished: the lab went down",
    "1, machines come: MISSED  the tour answers: status 1; wanted: status 0",
  ]);
});
