import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tryLock } from "../fabric/lock.ts";
import type { Code } from "./code.ts";
import { type DaemonProcess, end, type Serving, startOnce } from "./daemonProcess.ts";

let directory: string;
let shown: string;
const file = (name: string) => join(directory, "state", name);
const show = (text: string) => {
  shown += text;
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  shown = "";
});
afterEach(async () => {
  (await end(stub())).release();
  rmSync(directory, { recursive: true });
});

const own: Code = { root: "/here", hash: "1" };

/** A daemon that notes its start, works for `starting` seconds in a child, and then serves and tells its code. */
function stub(
  options: Partial<Pick<DaemonProcess, "check" | "code" | "graceSeconds">> & {
    starting?: number;
    more?: string;
    tells?: boolean;
  } = {},
): DaemonProcess {
  const { code = own, tells = true } = options;
  const program = `
    const { appendFileSync, renameSync, writeFileSync } = require("fs");
    appendFileSync(${JSON.stringify(file("starts"))}, process.pid + "\\n");
    console.log("begins");
    ${options.more ?? ""}
    require("child_process").spawn("sleep", ["${options.starting ?? 0.3}"]).on("exit", () => {
      console.log("ready");
      const answer = { pid: process.pid, code: ${tells ? JSON.stringify(code) : "undefined"} };
      // Whole at once: it is read meanwhile.
      writeFileSync(${JSON.stringify(file("serves.new"))}, JSON.stringify(answer));
      renameSync(${JSON.stringify(file("serves.new"))}, ${JSON.stringify(file("serves"))});
    });
    setInterval(() => {}, 1000);`;
  return {
    command: [process.execPath, "-e", program],
    code,
    pidFile: file("daemon.pid"),
    logFile: file("daemon.log"),
    graceSeconds: options.graceSeconds,
    answers: () => {
      const serving = existsSync(file("serves"))
        ? (JSON.parse(readFileSync(file("serves"), "utf8")) as Serving)
        : undefined;
      return Promise.resolve(serving && runs(serving.pid) ? serving : undefined);
    },
    check: options.check ?? (() => Promise.resolve()),
  };
}

const starts = () => readFileSync(file("starts"), "utf8").trim().split("\n").map(Number);

function runs(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("its progress is shown until it answers", async () => {
  await startOnce(stub(), show);
  expect(shown).toBe("begins\nready\n");
});

test("two that start it at once get one, and both wait until it answers", async () => {
  await Promise.all([startOnce(stub(), show), startOnce(stub(), show)]);
  expect(starts()).toHaveLength(1);
  await startOnce(stub(), show);
  expect(starts()).toHaveLength(1);
});

test("one that is still starting is ended, with what it runs", async () => {
  const started = startOnce(stub({ starting: 50 }), show).catch((error: Error) => error.message);
  await expect.poll(() => existsSync(file("starts"))).toBe(true);
  (await end(stub())).release();
  const [pid = NaN] = starts();
  expect(runs(pid)).toBe(false);
  expect(() => process.kill(-pid, 0)).toThrow("ESRCH");
  expect(await started).toContain("ended while it started");
});

test("one that does not listen to SIGTERM is killed", async () => {
  await startOnce(stub({ more: "process.on('SIGTERM', () => {});" }), show);
  (await end(stub({ graceSeconds: 0.3 }))).release();
  expect(starts().map(runs)).toEqual([false]);
});

test("none starts while the lock is held that its end has given", async () => {
  await startOnce(stub(), show);
  const lock = await end(stub());
  const next = startOnce(stub(), show);
  await sleep(600);
  expect(starts()).toHaveLength(1);
  expect(shown).toContain("waiting for that");
  lock.release();
  await next;
  expect(starts()).toHaveLength(2);
});

test("after one that was killed, the next one starts", async () => {
  await startOnce(stub(), show);
  const [pid = NaN] = starts();
  process.kill(pid, "SIGKILL");
  await expect.poll(() => runs(pid)).toBe(false);
  await startOnce(stub(), show);
  expect(starts()).toHaveLength(2);
});

test("where the check fails nothing is started, and the lock is free", async () => {
  await expect(startOnce(stub({ check: () => Promise.reject(new Error("port in use")) }), show)).rejects.toThrow(
    "port in use",
  );
  expect(existsSync(file("starts"))).toBe(false);
  const lock = tryLock(file("daemon.pid"));
  expect(lock).toBeDefined();
  lock?.release();
});

test("one that ends at once is an error, with what it said", async () => {
  await expect(startOnce(stub({ more: "console.log('broken'); process.exit(1);" }), show)).rejects.toThrow(
    file("daemon.log"),
  );
  expect(shown).toContain("broken");
});

test("one that was started without the lock is ended too", async () => {
  const other = stub();
  await startOnce({ ...other, pidFile: file("other.pid") }, show);
  writeFileSync(file("daemon.pid"), "");
  (await end(other)).release();
  expect(starts().map(runs)).toEqual([false]);
});

describe("a daemon that runs other code is ended, and this one started in its place, when it is", () => {
  test.each([
    ["of another checkout", { code: { ...own, root: "/there" } }, " of /there"],
    ["of another commit", { code: { ...own, hash: "2" } }, ""],
    ["so old that it does not tell", { tells: false }, ""],
  ])("%s", async (_, other, where) => {
    await startOnce(stub(other), show);
    const [before = 0] = starts();
    shown = "";
    await startOnce(stub(), show);
    expect(runs(before)).toBe(false);
    expect(starts()).toHaveLength(2);
    expect(shown).toBe(
      `the lab's daemon runs other code${where}: it is replaced, and what it made goes on\nbegins\nready\n`,
    );
  });
});

test("a daemon of other code that does not listen to SIGTERM is killed", async () => {
  await startOnce(stub({ code: { ...own, hash: "2" }, more: "process.on('SIGTERM', () => {});" }), show);
  await startOnce(stub({ graceSeconds: 0.3 }), show);
  expect(starts().map(runs)).toEqual([false, true]);
});

test("two that replace it at once start one", async () => {
  await startOnce(stub({ code: { ...own, hash: "2" } }), show);
  await Promise.all([startOnce(stub(), show), startOnce(stub(), show)]);
  expect(starts()).toHaveLength(2);
});
