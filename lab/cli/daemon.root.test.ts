/** The real daemon, without machines: it starts, is killed and goes. Needs root and the machines' image. */
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { inIsolation } from "../fabric/testing/isolated.ts";

await inIsolation(import.meta.filename, async () => {
  const directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  const stateDir = join(directory, "state");
  process.env.LAB_STATE = stateDir;
  // After the setting above, which they read.
  const { daemonStatus, ensureDaemon } = await import("./daemon.ts");
  const { down } = await import("./down.ts");
  const { Networks } = await import("../fabric/networks.ts");

  const pidOf = async () => (await daemonStatus())?.pid;
  const left = async () => [
    ...(await new Networks({ stateDir: join(directory, "other") }).list()),
    ...readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .map(commandLine)
      .filter((line) => line.includes(stateDir) || line.includes("lab/daemon.ts")),
    ...readdirSync(directory).filter((name) => name !== "other"),
  ];
  afterAll(async () => {
    await down();
    rmSync(directory, { recursive: true });
  });

  test("a port that is taken is named before anything starts", async () => {
    const other = createServer().listen(8443, "127.0.0.1");
    await once(other, "listening");
    await expect(ensureDaemon()).rejects.toThrow("port 8443 of 127.0.0.1");
    other.close();
    await once(other, "close");
    expect(existsSync(join(stateDir, "daemon.log"))).toBe(false);
  });

  test("down ends a daemon that is starting, and nothing is left", async () => {
    const started = ensureDaemon().catch((error: Error) => error.message);
    await expect.poll(() => readIfThere(join(stateDir, "daemon.pid")), { interval: 10 }).not.toBe("");
    await down();
    expect(await started).toMatch(/ended while it started/);
    expect(await left()).toEqual([]);
  });

  test("two calls that need the daemon start one, which keeps its secrets", async () => {
    await Promise.all([ensureDaemon(), ensureDaemon()]);
    const pid = await pidOf();
    expect(await left()).not.toEqual([]);
    await ensureDaemon();
    expect(await pidOf()).toBe(pid);
    expect(readFileSync(join(stateDir, "daemon.log"), "utf8").match(/ARM listens/g)).toHaveLength(1);
    for (const name of ["arm.db", "credentials.json", "daemon.log"])
      expect(statSync(join(stateDir, name)).mode & 0o077).toBe(0);
  });

  test("after a daemon that was killed, another one takes over", async () => {
    const pid = (await pidOf()) ?? 0;
    process.kill(pid, "SIGKILL");
    await expect.poll(pidOf).toBeUndefined();
    await ensureDaemon();
    expect(await pidOf()).not.toBe(pid);
  });

  test("down leaves nothing of a daemon that runs, and one may start after it", async () => {
    await down();
    expect(await left()).toEqual([]);
    await ensureDaemon();
    await down();
    expect(await left()).toEqual([]);
  });
});

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
