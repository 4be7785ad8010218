import { spawn } from "node:child_process";
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
  ["loses its terminal, as the command does", "SIGHUP", (pid: number) => -pid],
  ["and the command get Ctrl-C", "SIGINT", (pid: number) => -pid],
] as const)(
  "where it %s the command is asked to stop and waited for (%s); its secrets are hidden",
  async (_, signal, target) => {
    const program = `
    import { inForeground } from ${JSON.stringify(join(import.meta.dirname, "foreground.ts"))};
    import { Mask } from ${JSON.stringify(join(import.meta.dirname, "..", "state", "mask.ts"))};
    const mask = new Mask([{ secret: "hunter2", by: "[secret]" }]);
    const place = { directory: ${JSON.stringify(directory)}, environment: process.env };
    process.exitCode = (await inForeground(place, ["./command"], mask)).status;`;
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
      process.kill(target(child.pid ?? 0), signal);
      await expect.poll(() => status, { timeout: 10_000 }).toBe(7);
      expect(output).toBe("begins\ninterrupted, [secret]\n");
    } finally {
      if (status === undefined) process.kill(-(child.pid ?? 0), "SIGKILL");
    }
  },
);
