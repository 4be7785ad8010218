import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { load } from "js-yaml";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  // So that neither keys nor certificates are made.
  for (const file of ["ssh/id_ed25519.pub", "tls/bundle.pem"]) {
    mkdirSync(join(directory, "state", dirname(file)), { recursive: true });
    writeFileSync(join(directory, "state", file), "");
  }
  // Stands for Pulumi: what it is told last, it answers.
  writeFileSync(
    join(directory, "pulumi"),
    `#!/bin/sh
    trap 'echo interrupted; exit 7' INT
    trap 'echo terminated; exit 8' TERM
    echo "begins"
    while :; do sleep 0.05; done`,
    { mode: 0o755 },
  );
});
afterEach(() => rmSync(directory, { recursive: true }));

test("the lab's stacks may have names under .example, which its networks know", () => {
  const program = `
    import { prepare } from ${JSON.stringify(join(import.meta.dirname, "pulumi.ts"))};
    prepare("dev");`;
  const prepared = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: {
      ...process.env,
      LAB_STATE: join(directory, "state"),
      LAB_CACHE: join(directory, "cache"),
      ENGINE_HOME: directory,
    },
    encoding: "utf8",
  });
  expect(prepared.stderr).toBe("");
  const file = readFileSync(join(directory, "state", "project", "Pulumi.dev.yaml"), "utf8");
  expect((load(file) as { config: object }).config).toMatchObject({ "platform:preflight": { exampleNames: "allow" } });
});

describe("Pulumi is asked to stop, and waited for, when bin/lab", () => {
  test.each([
    ["is terminated", "SIGTERM", (pid: number) => pid],
    ["is hung up", "SIGHUP", (pid: number) => pid],
    ["and Pulumi lose their terminal", "SIGHUP", (pid: number) => -pid],
    ["and Pulumi get Ctrl-C", "SIGINT", (pid: number) => -pid],
  ] as const)("%s (%s)", async (_, signal, target) => {
    const program = `
      import { pulumi } from ${JSON.stringify(join(import.meta.dirname, "pulumi.ts"))};
      process.exitCode = await pulumi(["up"]);`;
    const lab = spawn(process.execPath, ["--input-type=module", "-e", program], {
      env: {
        ...process.env,
        LAB_STATE: join(directory, "state"),
        LAB_CACHE: join(directory, "cache"),
        ENGINE_HOME: directory,
        PATH: `${directory}:${process.env.PATH}`,
      },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    let output = "";
    let status: number | null | undefined;
    lab.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    lab.on("close", (code) => {
      status = code;
    });
    try {
      await expect.poll(() => output, { timeout: 20_000 }).toBe("begins\n");
      process.kill(target(lab.pid ?? NaN), signal);
      await expect.poll(() => status, { timeout: 5_000 }).toBe(7);
      expect(output).toBe("begins\ninterrupted\n");
    } finally {
      if (status === undefined) process.kill(-(lab.pid ?? NaN), "SIGKILL");
    }
  });
});
