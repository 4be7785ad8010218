import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "foreground-"));
  // Stands for Pulumi: what it is told last, it answers, with a secret.
  writeFileSync(
    join(directory, "command"),
    `#!/bin/sh
    trap 'echo interrupted, hunter2; exit 7' INT
    trap 'echo terminated; exit 8' TERM
    echo "begins"
    while :; do sleep 0.05; done`,
    { mode: 0o755 },
  );
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each([
  ["is terminated", "SIGTERM", (pid: number) => pid],
  ["is hung up", "SIGHUP", (pid: number) => pid],
  ["loses its terminal, as the command does", "SIGHUP", (pid: number) => -pid],
  ["and the command get Ctrl-C", "SIGINT", (pid: number) => -pid],
] as const)(
  "where it %s the command is asked to stop and waited for (%s); its secrets are hidden",
  async (_, signal, target) => {
    const program = `
    import { inForegroundMasked } from ${JSON.stringify(join(import.meta.dirname, "foreground.ts"))};
    import { Mask } from ${JSON.stringify(join(import.meta.dirname, "..", "state", "mask.ts"))};
    const mask = new Mask([{ secret: "hunter2", by: "[secret]" }]);
    const place = { directory: ${JSON.stringify(directory)}, environment: process.env };
    process.exitCode = (await inForegroundMasked(place, ["./command"], mask)).status;`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    let output = "";
    let status: number | null | undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("close", (code) => {
      status = code;
    });
    try {
      await expect.poll(() => output, { timeout: 20_000 }).toBe("begins\n");
      process.kill(target(child.pid ?? NaN), signal);
      await expect.poll(() => status, { timeout: 10_000 }).toBe(7);
      expect(output).toBe("begins\ninterrupted, [secret]\n");
    } finally {
      if (status === undefined) process.kill(-(child.pid ?? NaN), "SIGKILL");
    }
  },
);

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
