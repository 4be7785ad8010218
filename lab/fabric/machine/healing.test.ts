import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { forgetEnding, lastEnding } from "./ending.ts";
import { bootsAgainAt, type Fallen } from "./healing.ts";

const lost: Fallen = { powered: true, switchedOn: true, diskLost: false, ending: { how: "lost", atMs: 1_000_000 } };

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
    ["it was not switched on in this boot of the host", { switchedOn: false }],
    ["it lost its disk", { diskLost: true }],
    ["nobody knows how it ended", { ending: undefined }],
  ] as [string, Partial<Fallen>][])("stays off when %s", (_, change) => {
    expect(bootsAgainAt({ ...lost, ...change }, 90)).toBeUndefined();
  });
});

describe("an ending", () => {
  let paths: { ending: string; reset: string };
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lab-ending-"));
    paths = { ending: join(directory, "ending"), reset: join(directory, "reset") };
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test.each([
    ["0", "off"],
    ["133", "reboot"],
    ["137", "lost"],
    ["1", "lost"],
  ])("with status %s is %s, at the time at which it was written", (status, how) => {
    writeFileSync(paths.ending, `${status}\n`);
    utimesSync(paths.ending, 1000, 2000);
    expect(lastEnding(paths)).toEqual({ how, atMs: 2_000_000 });
  });
  test("is unknown until it is written, and forgotten when the machine starts", async () => {
    expect(lastEnding(paths)).toBeUndefined();
    writeFileSync(paths.ending, "");
    expect(lastEnding(paths)).toBeUndefined();
    writeFileSync(paths.ending, "137\n");
    writeFileSync(paths.reset, "");
    expect(lastEnding(paths)?.how).toBe("reboot");
    await forgetEnding(paths);
    expect(lastEnding(paths)).toBeUndefined();
    writeFileSync(paths.ending, "137\n");
    expect(lastEnding(paths)?.how).toBe("lost");
  });
});
