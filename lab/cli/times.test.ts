import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { timed } from "./times.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("what a part took is kept for the summary, with the work's result", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  vi.stubEnv("PLATFORM_TIMES", join(directory, "times"));
  expect(
    await timed(
      (result) => `part ${result}`,
      () => Promise.resolve(7),
    ),
  ).toBe(7);
  await timed(
    () => "next",
    () => Promise.resolve(),
  );
  expect(readFileSync(join(directory, "times"), "utf8")).toBe("     0 s  part 7\n     0 s  next\n");
  rmSync(directory, { recursive: true });
});
