import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeState } from "./down.ts";

test("the state directory goes with all that is in it", () => {
  const directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  mkdirSync(join(directory, "tls"));
  for (const name of ["daemon.pid", "arm.db", "tls/ca.key"]) writeFileSync(join(directory, name), "");
  removeState(directory, "daemon.pid");
  expect(existsSync(directory)).toBe(false);
});
