/** The kernel's own limits, where a lab that runs has none of its own. Needs root; raises them for a moment. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stateDir as labState } from "../paths.ts";
import { neededLimits, raiseLimits, restoreLimits } from "./hostLimits.ts";

const value = (name: string) => {
  const path = join("/proc/sys", ...name.split("."));
  return existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;
};

test("every limit is one that this kernel has and takes, and is as it was afterwards", () => {
  expect(existsSync(join(labState, "host-limits.json")), "no lab has raised them").toBe(false);
  const stateDir = mkdtempSync(join(tmpdir(), "lab-test-"));
  const logged: string[] = [];
  const options = { stateDir, log: (message: string) => void logged.push(message) };
  const before = Object.keys(neededLimits).map(value);
  try {
    raiseLimits(options);
    for (const [name, needed] of Object.entries(neededLimits)) {
      // The kernel has it only while something tracks connections.
      if (name.startsWith("net.netfilter.") && value(name) === undefined) continue;
      expect(value(name), `${name}: ${logged.join("; ")}`).toBeGreaterThanOrEqual(needed);
    }
  } finally {
    restoreLimits(options);
    rmSync(stateDir, { recursive: true });
  }
  expect(Object.keys(neededLimits).map(value)).toEqual(before);
});
