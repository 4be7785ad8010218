import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Result } from "../commands.ts";
import { labTools } from "./labTools.ts";
import { InterruptionsRecord } from "./record.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lab-tools-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Tools for a `bin/lab` that answers so, and its commands. */
function tools(answer: Partial<Result> = {}) {
  const commands: string[] = [];
  const options = { seed: 7, rounds: 20, stack: "dev" };
  const record = InterruptionsRecord.begin(folder, options, new Date("2026-01-01T10:00:00Z"));
  const command = (...words: string[]): Promise<Result> => {
    commands.push(words.join(" "));
    return Promise.resolve({ status: 0, output: "", stdout: "", stderr: "", seconds: 1, ...answer });
  };
  return { record, commands, ...labTools(record, command) };
}

test("every command has the settings and the name of the vault, and its output is kept", async () => {
  const { record, commands, ...lab } = tools({ output: "said" });
  const log = join(folder, "log");
  await lab.up(["tiers.back.instances=3"], log);
  await lab.preview([]);
  expect(commands).toEqual([
    `up dev --set vault.name=${record.vault} --set tiers.back.instances=3`,
    `preview dev --set vault.name=${record.vault} -- --expect-no-changes`,
  ]);
  expect(readFileSync(log, "utf8")).toBe("said");
});

test("one of a pipeline is approved by an exact preview, and applied as its job does it", async () => {
  const { record, commands, ...lab } = tools();
  await lab.approve(["tiers.back.instances=3"], "/approved.json");
  await lab.up(["tiers.back.instances=3"], join(folder, "log"), "/approved.json");
  const set = `--set vault.name=${record.vault} --set tiers.back.instances=3`;
  expect(commands).toEqual([
    `delivery ${set} preview dev --exact --out /approved.json`,
    `delivery ${set} up dev --approved /approved.json --cancel-lock`,
  ]);
  await expect(tools({ status: 3, output: "no vault" }).approve([], "/approved.json")).rejects.toThrow(
    /^bin\/lab delivery .* ended with 3:\nno vault$/,
  );
});

test("after a destroy that failed, which may have deleted the vault, the next up has another one", async () => {
  const { record, ...lab } = tools({ status: 255, output: "a subnet is in use" });
  const before = record.vault;
  await expect(lab.destroy()).rejects.toThrow("bin/lab destroy dev ended with 255:\na subnet is in use");
  expect(record.vault).not.toBe(before);
});

test("operations that are under way are those of the state", async () => {
  const exported = (operations?: object[]) => ({
    stdout: JSON.stringify({ deployment: { pending_operations: operations } }),
  });
  expect(await tools(exported()).pending()).toBe(0);
  expect(await tools(exported([{}, {}])).pending()).toBe(2);
});
