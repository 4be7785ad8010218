import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MarkedCommand } from "./markedCommand.ts";

let directory: string;
let log: string;
let command: MarkedCommand;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "marked-"));
  log = join(directory, "log");
});
afterEach(async () => {
  await command.killAll();
  rmSync(directory, { recursive: true });
});

/** A shell, a child in its group and one in a session of its own, which a kill of the group does not reach. */
const family = ["sh", "-c", "echo begins; sleep 61 & setsid sleep 62 & wait"];
const running = () =>
  command
    .left()
    .map(({ command: words }) => words)
    .sort();
const begun = () => expect.poll(running).toEqual([family.join(" "), "sleep 61", "sleep 62"]);

test("a kill of the group leaves what has left the group, and that is told", async () => {
  command = new MarkedCommand(family, log);
  await begun();
  await command.kill("group");
  expect(await command.ended).toBe(null);
  await expect.poll(running).toEqual(["sleep 62"]);
});

test("a kill of all leaves nothing", async () => {
  command = new MarkedCommand(family, log);
  await begun();
  await command.kill("all");
  expect(running()).toEqual([]);
  expect(await command.ended).toBe(null);
});

test("what another command started is none of it, and is left alone", async () => {
  const other = new MarkedCommand(["sleep", "63"], join(directory, "other"));
  command = new MarkedCommand(family, log);
  await begun();
  await command.killAll();
  expect(other.left()).toHaveLength(1);
  await other.killAll();
});

test("one that ends by itself tells its status, and its output is in the log", async () => {
  command = new MarkedCommand(["sh", "-c", "echo said; exit 3"], log);
  expect(await command.ended).toBe(3);
  expect(command.left()).toEqual([]);
  expect(readFileSync(log, "utf8")).toBe("said\n");
});
