import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { publish } from "./gitServer.ts";

let directory: string;
let folder: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  folder = join(directory, "front");
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  writeFileSync(join(folder, "server.js"), "one\n");
  writeFileSync(join(folder, ".gitignore"), "node_modules/\n");
  writeFileSync(join(folder, "node_modules", "left-pad.js"), "");
});
afterEach(() => rmSync(directory, { recursive: true }));

const git = (...args: string[]) =>
  execFileSync("git", ["--git-dir", join(directory, "git", "front.git"), ...args], { encoding: "utf8" }).trim();

describe("publishing a folder", () => {
  test("makes a commit on main of what is not ignored", async () => {
    const commit = await publish(folder, "front", directory);
    expect(git("rev-parse", "main")).toBe(commit);
    expect(git("ls-tree", "-r", "--name-only", "main").split("\n")).toEqual([".gitignore", "server.js"]);
  });
  test("a second time makes no commit", async () => {
    const commit = await publish(folder, "front", directory);
    expect(await publish(folder, "front", directory)).toBe(commit);
    expect(git("rev-list", "--count", "main")).toBe("1");
  });
  test("after a change and a removal adds one commit to the history", async () => {
    const first = await publish(folder, "front", directory);
    writeFileSync(join(folder, "index.js"), "two\n");
    rmSync(join(folder, "server.js"));
    await publish(folder, "front", directory);
    expect(git("rev-parse", "main~1")).toBe(first);
    expect(git("ls-tree", "-r", "--name-only", "main").split("\n")).toEqual([".gitignore", "index.js"]);
  });
  test("that does not exist is refused by name", async () => {
    await expect(publish(join(directory, "back"), "back", directory)).rejects.toThrow("there is no folder");
  });
});
