import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endGroup, type OwnGroup, startInOwnGroup } from "./testing/ownGroup.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "foreground-"));
  // Stands for Pulumi: it tells every signal, with a secret, and ends a while after.
  writeFileSync(
    join(directory, "command"),
    `#!${process.execPath}
    const told = (words) => () => {
      console.log(words + ", hunter2");
      setTimeout(() => process.exit(Number(process.env.STATUS ?? 7)), Number(process.env.LASTS_MS ?? 300));
    };
    process.on("SIGINT", told("interrupted")).on("SIGTERM", told("terminated"));
    setInterval(() => {}, 1000);
    console.log("begins as " + process.pid);`,
    { mode: 0o755 },
  );
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A program that runs a command and ends with its status. */
const runs = (command: readonly string[]) => [
  process.execPath,
  "--input-type=module",
  "-e",
  `
    import { inForegroundMasked } from ${JSON.stringify(join(import.meta.dirname, "foreground.ts"))};
    import { Mask } from ${JSON.stringify(join(import.meta.dirname, "..", "state", "mask.ts"))};
    const mask = new Mask([{ secret: "hunter2", by: "[secret]" }]);
    const place = { directory: ${JSON.stringify(directory)}, environment: process.env };
    process.exitCode = (await inForegroundMasked(place, ${JSON.stringify(command)}, mask)).status;`,
];

/** Starts such a program. */
const begin = (environment: NodeJS.ProcessEnv = {}, command: readonly string[] = ["./command"]) =>
  startInOwnGroup(runs(command), { ...process.env, ...environment });
afterEach(endGroup);

const begins = /^begins as (\d+)\n/;
const begun = (run: OwnGroup) => expect.poll(() => run.output, { timeout: 20_000 }).toMatch(begins);
const ended = (run: OwnGroup) => expect.poll(() => run.status, { timeout: 10_000 });

test.each([
  ["is terminated", "SIGTERM", (pid: number) => [pid], "terminated"],
  ["and its group are terminated", "SIGTERM", (pid: number) => [-pid], "terminated"],
  ["is terminated, and then its group", "SIGTERM", (pid: number) => [pid, -pid], "terminated"],
  ["is hung up", "SIGHUP", (pid: number) => [pid], "terminated"],
  ["loses its terminal", "SIGHUP", (pid: number) => [-pid], "terminated"],
  ["gets Ctrl-C", "SIGINT", (pid: number) => [-pid], "interrupted"],
] as const)(
  "where it %s the command is asked once to stop and waited for (%s); its secrets are hidden",
  async (_, signal, targets, said) => {
    const run = begin();
    await begun(run);
    for (const target of targets(run.pid)) process.kill(target, signal);
    await ended(run).toBe(7);
    expect(run.output.replace(begins, "")).toBe(`${said}, [secret]\n`);
  },
);

test("Ctrl-C once more reaches the command too, which may leave at once", async () => {
  const run = begin({ LASTS_MS: "3000" });
  await begun(run);
  process.kill(run.pid, "SIGTERM");
  await new Promise((done) => setTimeout(done, 1500));
  process.kill(run.pid, "SIGINT");
  await ended(run).toBe(7);
  expect(run.output).toContain("terminated, [secret]\ninterrupted, [secret]\n");
});

test("a command that ends well all the same has been stopped: nothing is begun after it", async () => {
  const run = begin({ STATUS: "0" });
  await begun(run);
  process.kill(run.pid, "SIGTERM");
  await ended(run).toBe(143);
});

test("one that runs it by another one, as bin/lab delivery does, passes a signal on", async () => {
  const run = begin({}, runs(["./command"]));
  await begun(run);
  process.kill(-run.pid, "SIGTERM");
  await ended(run).toBe(7);
  expect(run.output.replace(begins, "")).toBe("terminated, [secret]\n");
});

test.each([
  ["it", ["./command"]],
  ["one that runs it by another one", undefined],
])("where the group of %s is killed the command is killed too", async (_, command) => {
  const run = begin({}, command ?? runs(["./command"]));
  await begun(run);
  const pid = Number(begins.exec(run.output)?.[1]);
  process.kill(-run.pid, "SIGKILL");
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    // Nobody may have asked for its status.
    return /^\d+ \(.*\) [^ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** What a program prints that has both functions, in whose standard input is an answer. */
function printed(program: string) {
  const words = `
    import { inForeground, inForegroundMasked } from ${JSON.stringify(join(import.meta.dirname, "foreground.ts"))};
    import { Mask } from ${JSON.stringify(join(import.meta.dirname, "..", "state", "mask.ts"))};
    const place = { directory: "/", environment: process.env };
    const asks = (more) => ["sh", "-c", "read answer; echo got $answer; " + more];
    ${program}`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", words], { input: "yes\n", encoding: "utf8" }).stdout;
}

test("a command may ask who runs it, and its exit status is told", () => {
  expect(printed(`console.log(await inForeground(place, asks("exit 3")));`)).toBe("got yes\n3\n");
  expect(printed(`console.log(await inForeground(place, asks("kill -KILL $$")));`)).toBe("got yes\n130\n");
});

test("one whose secrets are hidden asks nobody, and says whether the stack was locked", () => {
  const run = (more: string) => printed(`console.log(await inForegroundMasked(place, asks("${more}"), new Mask([])));`);
  expect(run("exit 3")).toBe("got\n{ status: 3, locked: false }\n");
  expect(run("echo error: the stack is currently locked by 1 lock >&2; exit 255")).toBe(
    "got\n{ status: 255, locked: true }\n",
  );
});
