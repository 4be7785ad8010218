import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Store } from "./store.ts";

test("what is stored is for nobody else's eyes", () => {
  const directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  const store = new Store(join(directory, "arm.db"));
  store.setting("name", () => "secret");
  const modes = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mode & 0o777]);
  expect(modes).toEqual([
    ["arm.db", 0o600],
    ["arm.db-shm", 0o600],
    ["arm.db-wal", 0o600],
  ]);
  store.close();
  rmSync(directory, { recursive: true });
});
