import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { root } from "../paths.ts";
import { badKinds, slowMilliseconds, spoiled, type BadKind } from "./badReleases.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** The example front, spoiled. */
function folderOf(kind: BadKind): string {
  const folder = mkdtempSync(join(tmpdir(), "bad-release-"));
  folders.push(folder);
  cpSync(join(root, "examples", "front"), folder, { recursive: true });
  renameSync(join(folder, "server.js"), join(folder, "good.js"));
  writeFileSync(join(folder, "server.js"), spoiled(kind));
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

interface Seen {
  /** Absent while it runs. */
  exit?: number | null;
  /** It said that it is ready. */
  ready: boolean;
  /** Of /health: the status, "refused" or "silent". */
  health: number | string;
  milliseconds: number;
}

/** What pm2 and a health gate see of it. */
async function seen(kind: BadKind): Promise<Seen> {
  const port = await freePort();
  const env = { ...process.env, PORT: `${port}`, BACK_URL: "http://127.0.0.1:1" };
  const child: ChildProcess = spawn(process.execPath, ["server.js"], {
    cwd: folderOf(kind),
    env,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  let ready = false;
  let exit: number | null | undefined;
  child.on("message", (message) => (ready ||= message === "ready"));
  child.on("exit", (code) => (exit = code));
  try {
    for (let look = 0; look < 100 && !ready && exit === undefined; look++)
      await sleep(kind === "never-ready" ? 20 : 100);
    const began = Date.now();
    let health: number | string;
    try {
      const timeout = AbortSignal.timeout(slowMilliseconds + 1000);
      health = (await fetch(`http://127.0.0.1:${port}/health`, { signal: timeout })).status;
    } catch (error) {
      health = (error as Error).name === "TimeoutError" ? "silent" : "refused";
    }
    return { exit, ready, health, milliseconds: Date.now() - began };
  } finally {
    child.kill("SIGKILL");
  }
}

test.each(badKinds)("the release %s is bad in that way, and in no other", async (kind) => {
  const { exit, ready, health, milliseconds } = await seen(kind);
  const runs = { exit: undefined, ready: true };
  const expected = {
    crash: { exit: 1, ready: false, health: "refused" },
    "never-ready": { exit: undefined, ready: false, health: "refused" },
    slow: { ...runs, health: 200 },
    "500": { ...runs, health: 500 },
    hang: { ...runs, health: "silent" },
  } satisfies Record<BadKind, unknown>;
  expect({ exit, ready, health }).toEqual(expected[kind]);
  expect(milliseconds >= slowMilliseconds - 50).toBe(kind === "slow" || kind === "hang");
});
