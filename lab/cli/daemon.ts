/** Starting, asking and stopping the lab's daemon. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { conflicts } from "../fabric/networks.ts";
import { networkPrefixes } from "./pulumi.ts";
import { daemonLog, root, socketPath, stateDir } from "../settings.ts";
import type { World, WorldStatus } from "../world.ts";

export interface DaemonStatus {
  pid: number;
  world: World;
  status: WorldStatus;
}

/** Asks the daemon over its socket. Returns undefined where none answers. */
export async function ask(path: string): Promise<string | undefined> {
  return new Promise((done, fail) => {
    const asked = request({ socketPath, path, timeout: 10_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => { text += part; });
      response.on("end", () => (response.statusCode === 200 ? done(text) : fail(new Error(text))));
    });
    asked.on("error", () => done(undefined));
    asked.on("timeout", () => asked.destroy());
    asked.end();
  });
}

export async function daemonStatus(): Promise<DaemonStatus | undefined> {
  const text = await ask("/status");
  return text === undefined ? undefined : (JSON.parse(text) as DaemonStatus);
}

/** As `daemonStatus`, for commands that need a running lab. */
export async function runningDaemon(): Promise<DaemonStatus> {
  const status = await daemonStatus();
  if (!status) throw new Error("the lab is not running; start it with: bin/lab up <stack>");
  return status;
}

/** Starts the daemon unless it runs, and shows its progress until it answers. */
export async function ensureDaemon(): Promise<void> {
  if (await daemonStatus()) return;
  if (!existsSync(stateDir)) {
    const taken = conflicts(networkPrefixes());
    if (taken.length > 0) {
      throw new Error(`the lab's address ranges are in use on this machine: ${taken.join(", ")}.\n` +
        "The lab needs 198.51.100.0/24 and the networks of the stacks (platform:environment.network) for itself.");
    }
  }
  mkdirSync(stateDir, { recursive: true, mode: 0o711 });
  const log = openSync(daemonLog, "a");
  const daemon = spawn(process.execPath, [join(root, "lab", "daemon.ts")], {
    cwd: root, detached: true, stdio: ["ignore", log, log],
  });
  daemon.unref();
  let shown = readFileSync(daemonLog).length;
  const showProgress = () => {
    const text = readFileSync(daemonLog);
    process.stderr.write(text.subarray(shown));
    shown = text.length;
  };
  while (!(await daemonStatus())) {
    showProgress();
    if (daemon.exitCode !== null || daemon.signalCode !== null) {
      throw new Error(`the lab's daemon ended while it started; see ${daemonLog}`);
    }
    await sleep(200);
  }
  showProgress();
}

/** Ends the daemon; what it made stays. */
export async function stopDaemon(): Promise<void> {
  const status = await daemonStatus();
  if (!status) return;
  process.kill(status.pid, "SIGTERM");
  while (await daemonStatus()) await sleep(100);
}
