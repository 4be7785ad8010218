import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lock, tryLock } from "./lock.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  file = join(directory, "lock");
});
afterEach(() => rmSync(directory, { recursive: true }));

const ended = (child: ChildProcess) => new Promise((done) => child.on("exit", done));

test("a lock is had by one at a time", () => {
  const first = tryLock(file);
  expect(first).toBeDefined();
  expect(tryLock(file)).toBeUndefined();
  first?.release();
  expect(tryLock(file)).toBeDefined();
});

test("a waiting process gets the lock when it is given back, and says that it waits", async () => {
  const first = tryLock(file);
  let waits = 0;
  setTimeout(() => first?.release(), 1500);
  await lock(file, () => {
    waits += 1;
  });
  expect(waits).toBe(1);
});

test("a process that was handed the lock holds it when the one that took it is gone, and the kernel gives it back when it is killed", async () => {
  const program = `
    import { tryLock } from ${JSON.stringify(join(import.meta.dirname, "lock.ts"))};
    import { run } from ${JSON.stringify(join(import.meta.dirname, "host.ts"))};
    await run(["sh", "-c", "echo $$ >&2; exec sleep 60"], { hold: [tryLock(${JSON.stringify(file)}).fd], onLine: (pid) => console.log(pid) });`;
  const taker = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const holder = await new Promise<number>((found) => taker.stdout.once("data", (pid) => found(Number(pid))));
  const gone = ended(taker);
  taker.kill("SIGKILL");
  await gone;
  expect(tryLock(file)).toBeUndefined();
  process.kill(holder, "SIGKILL");
  await expect.poll(() => tryLock(file)).toBeDefined();
});

test("a lock on a file that was removed meanwhile is none", () => {
  const first = tryLock(file);
  rmSync(file);
  const second = tryLock(file);
  expect(second).toBeDefined();
  first?.release();
  expect(tryLock(file)).toBeUndefined();
});

test("a file that cannot be locked is an error that names it", () => {
  expect(() => tryLock(join(directory, "missing", "lock"))).toThrow("missing");
});
