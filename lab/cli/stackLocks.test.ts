import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cancelDeadLocks } from "./stackLocks.ts";

let directory: string;
let said: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  said = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const folder = () => join(directory, ".pulumi", "locks", "organization", "platform", "dev");
function lock(name: string, pid: number, host = hostname()): void {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(
    join(folder(), `${name}.json`),
    JSON.stringify({ pid, username: "root", hostname: host, timestamp: "2026-11-24T06:00:00Z" }),
  );
  writeFileSync(join(folder(), `${name}.json.attrs`), "{}");
}
const left = () => readdirSync(folder());
/** Above the kernel's largest process ID. */
const nobody = 2 ** 22 + 1;

test("a lock whose process is gone is cancelled, and that is said", () => {
  lock("dead", nobody);
  cancelDeadLocks(directory, (message) => said.push(message));
  expect(left()).toEqual([]);
  expect(said).toEqual([expect.stringMatching(/stack dev .* \(process 4194305, 2026-11-24/)]);
});

test("a lock stays whose Pulumi runs, and one of another host", async () => {
  const program = join(directory, "pulumi");
  writeFileSync(program, "#!/bin/sh\necho runs\nread -r _\n", { mode: 0o755 });
  const running = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve) => running.stdout.once("data", resolve));
  lock("running", running.pid ?? 0);
  lock("elsewhere", nobody, "another-host");
  cancelDeadLocks(directory, (message) => said.push(message));
  running.kill();
  expect(left().sort()).toEqual(["elsewhere.json", "elsewhere.json.attrs", "running.json", "running.json.attrs"]);
  expect(said).toEqual([]);
});

test("a lock is cancelled whose Pulumi was killed, though its parent has not asked for its status", async () => {
  const program = join(directory, "pulumi");
  writeFileSync(program, "#!/bin/sh\nsleep 0.3\nkill -KILL $$\n", { mode: 0o755 });
  const parent = spawn("sh", ["-c", `${program} & echo $!; exec sleep 60`], { stdio: ["ignore", "pipe", "inherit"] });
  const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once("data", resolve)));
  try {
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/^\d+ \(pulumi\) Z /);
    lock("killed", pid);
    cancelDeadLocks(directory, (message) => said.push(message));
    expect(left()).toEqual([]);
  } finally {
    parent.kill();
  }
});

test("a lock is cancelled whose process ID another program has got", () => {
  lock("reused", process.pid);
  cancelDeadLocks(directory, (message) => said.push(message));
  expect(left()).toEqual([]);
});

test("a backend without locks has none to cancel", () => {
  cancelDeadLocks(directory, (message) => said.push(message));
  expect(said).toEqual([]);
});
