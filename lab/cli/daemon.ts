/** Starting, asking and stopping the lab's daemon. */
import { request } from "node:http";
import { join } from "node:path";
import { internetBlock } from "../fabric/addresses.ts";
import { conflicts, isFree } from "../fabric/conflicts.ts";
import type { Lock } from "../fabric/lock.ts";
import { daemonLog, daemonPid, root, socketPath } from "../paths.ts";
import type { LiveSettings } from "../liveSettings.ts";
import { armPort } from "../settings.ts";
import type { World, WorldStatus } from "../world.ts";
import { type Code, codeOf, sameCode } from "./code.ts";
import { type DaemonProcess, end, startOnce } from "./daemonProcess.ts";
import { networkPrefixes } from "./stacks.ts";
import { timed } from "./times.ts";

export interface DaemonStatus {
  pid: number;
  /** The code that the daemon runs; a daemon that is older than this field does not tell it. */
  code?: Code;
  world: World;
  status: WorldStatus;
  /** As they are now. */
  settings: LiveSettings;
}

/** Asks the daemon over its socket, with `body` in a POST. Returns undefined where none answers. */
export async function ask(path: string, body?: object): Promise<string | undefined> {
  return new Promise((done, fail) => {
    const method = body === undefined ? "GET" : "POST";
    const asked = request({ socketPath, path, method, timeout: 10_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => (response.statusCode === 200 ? done(text) : fail(new Error(text))));
    });
    asked.on("error", () => done(undefined));
    asked.on("timeout", () => asked.destroy());
    asked.end(body && JSON.stringify(body));
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

const daemon: DaemonProcess = {
  command: [process.execPath, join(root, "lab", "daemon.ts")],
  code: codeOf(),
  pidFile: daemonPid,
  logFile: daemonLog,
  answers: async () => {
    const status = await daemonStatus();
    return status && { pid: status.pid, code: status.code };
  },
  check: checkHost,
};

/** Starts the daemon unless it runs this checkout's code, and shows its progress until it answers. */
export async function ensureDaemon(): Promise<void> {
  if (sameCode((await daemonStatus())?.code, daemon.code)) return;
  let said = "";
  const interrupted = () => {
    console.error("\nbin/lab: the lab's daemon goes on starting; `bin/lab down` ends it");
    process.exit(130);
  };
  process.on("SIGINT", interrupted);
  try {
    await timed(
      () => `the lab's daemon${imageTime(said)}`,
      () =>
        startOnce(daemon, (text) => {
          said += text;
          process.stderr.write(text);
        }),
    );
  } finally {
    process.off("SIGINT", interrupted);
  }
}

function imageTime(said: string): string {
  const seconds = /image: made in (\d+) s/.exec(said)?.[1];
  return seconds === undefined ? "" : `, ${seconds} s of that for the machines' Debian image`;
}

/** Ends the daemon; what it made stays. No other one starts before the lock is released. */
export async function stopDaemon(): Promise<Lock> {
  return end(daemon);
}

/** Throws where the host uses what the lab needs for itself; what a lab made before does not count. */
async function checkHost(): Promise<void> {
  const taken = conflicts(networkPrefixes(root));
  if (taken.length > 0) {
    throw new Error(
      `the lab's address ranges are in use on this machine: ${taken.join(", ")}.\n` +
        `The lab needs ${internetBlock} and the networks of the stacks (platform:environment.network) for itself.`,
    );
  }
  if (!(await isFree("127.0.0.1", armPort))) {
    throw new Error(
      `port ${armPort} of 127.0.0.1, where the lab's Azure Resource Manager listens, is in use on this machine ` +
        `(by what: ss -ltnp sport = :${armPort}).\nEnd that, or set LAB_ARM_PORT to a port that is free.`,
    );
  }
}
