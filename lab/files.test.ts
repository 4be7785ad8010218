import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readOrCreate, writeAtomically } from "./files.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a file is replaced as a whole, for its owner only, and nothing is left beside it", () => {
  const file = join(directory, "file");
  for (const content of ["a longer one", "short"]) writeAtomically(file, content);
  expect(readFileSync(file, "utf8")).toBe("short");
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("processes that make the same file at once all read the same content", async () => {
  const program = `
    import { readOrCreate } from ${JSON.stringify(join(import.meta.dirname, "files.ts"))};
    process.stdout.write(readOrCreate(${JSON.stringify(join(directory, "file"))}, () => String(process.pid)));`;
  const said = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      child.stdout.on("data", (data) => (text += String(data)));
      await once(child, "close");
      return text;
    }),
  );
  expect(new Set(said)).toEqual(new Set([readOrCreate(join(directory, "file"), () => "another")]));
  expect(readdirSync(directory)).toEqual(["file"]);
});
