import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Store } from "./store.ts";

let directory: string;
let store: Store;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  store = new Store(join(directory, "arm.db"));
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

test("what is stored is for nobody else's eyes", () => {
  store.setting("name", () => "secret");
  const modes = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mode & 0o777]);
  expect(modes).toEqual([
    ["arm.db", 0o600],
    ["arm.db-shm", 0o600],
    ["arm.db-wal", 0o600],
  ]);
});

test("a transaction whose work would go on after it is refused, and leaves nothing", () => {
  const id = "/subscriptions/s/resourceGroups/rg";
  const work = () => Promise.resolve(store.create(id, "Microsoft.Resources/resourceGroups", {}, {}, "Succeeded"));
  expect(() => store.transaction(work)).toThrow("cannot wait");
  expect([store.all(), store.revision]).toEqual([[], 0]);
});
