import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endedAt, forgetEnding, howEnded } from "./ending.ts";
import { bootsAgainAt, type Fallen } from "./healing.ts";

const lost: Fallen = { powered: true, diskLost: false, ending: { how: "lost", atMs: 1_000_000 } };

describe("a machine that does not run", () => {
  test("boots again when its host has been lost for long enough", () => {
    expect(bootsAgainAt(lost, 90)).toBe(1_090_000);
  });
  test("boots at once when its guest rebooted or reset itself", () => {
    expect(bootsAgainAt({ ...lost, ending: { how: "reboot", atMs: 1_000_000 } }, 90)).toBe(1_000_000);
  });
  test.each([
    ["its guest shut down", { ending: { how: "off", atMs: 1_000_000 } }],
    ["its owner switched it off", { powered: false }],
    ["it lost its disk", { diskLost: true }],
    ["it was switched off, or the host has booted since", { ending: undefined }],
  ] as [string, Partial<Fallen>][])("stays off when %s", (_, change) => {
    expect(bootsAgainAt({ ...lost, ...change }, 90)).toBeUndefined();
  });
});

describe("an ending", () => {
  let paths: { record: string; exit: string; reset: string; lost: string };
  let directory: string;
  const ending = () => howEnded(paths, "boot-1");
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lab-ending-"));
    const file = (name: string) => join(directory, name);
    paths = { record: file("machine.json"), exit: file("exit"), reset: file("reset"), lost: file("lost") };
    writeFileSync(paths.record, JSON.stringify({ id: "/m", generation: 1, image: "/image", switchedOn: "boot-1" }));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test.each([
    ["0", "off"],
    ["133", "reboot"],
    ["137", "lost"],
    ["1", "lost"],
  ])("with status %s is %s, at the time at which it was written", (status, how) => {
    writeFileSync(paths.exit, `${status}\n`);
    utimesSync(paths.exit, 1000, 2000);
    expect(ending()).toBe(how);
    expect(endedAt(paths)).toBe(2_000_000);
  });
  test("without a status is a loss since it was first seen, for the next daemon, too", () => {
    expect(ending()).toBe("lost");
    expect(existsSync(paths.lost)).toBe(false);
    expect(Math.abs(endedAt(paths) - Date.now())).toBeLessThan(5000);
    utimesSync(paths.lost, 1000, 2000);
    expect(endedAt(paths)).toBe(2_000_000);
  });
  test("of a machine that was switched off, or that the host's last boot had, is none", () => {
    expect(howEnded(paths, "boot-2")).toBeUndefined();
    writeFileSync(paths.record, JSON.stringify({ id: "/m", generation: 1, image: "/image" }));
    expect(ending()).toBeUndefined();
    rmSync(paths.record);
    expect(ending()).toBeUndefined();
  });
  test("by the guest's own reset is a reboot, and forgotten when the machine starts", async () => {
    writeFileSync(paths.reset, "");
    endedAt(paths);
    expect(ending()).toBe("reboot");
    await forgetEnding(paths);
    expect(ending()).toBe("lost");
    expect([paths.reset, paths.lost].filter((file) => existsSync(file))).toEqual([]);
  });
});
