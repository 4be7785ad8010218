import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("the agent's own tests, in Python, pass", () => {
  const { status, stderr } = spawnSync("python3", ["-B", "-m", "unittest", "discover"], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  expect(stderr).toMatch(/Ran [1-9]\d* tests/);
  expect(status, stderr).toBe(0);
});
