import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "delivery-test-"));
  writeFileSync(join(project, "Pulumi.yaml"), "name: small\nruntime: nodejs\n");
  writeFileSync(join(project, "Pulumi.dev.yaml"), "config: {}\n");
  writeFileSync(join(project, "record.json"), '{"version": 2}');
});
afterAll(() => rmSync(project, { recursive: true }));

const delivery = (...args: string[]) => deliveryWith({}, ...args);
const deliveryWith = (environment: NodeJS.ProcessEnv, ...args: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, CI_COMMIT_SHA: "0".repeat(40), PLATFORM_PREVIEW_BACKEND: "", ...environment },
  });

test.each([["--help"], ["help"]])("%s lists the commands", (...args) => {
  const { status, stdout } = delivery(...args);
  expect(status).toBe(0);
  for (const name of ["preview", "check", "publish", "up", "drift"])
    expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
});

test.each([
  ["preview", "--help"],
  ["help", "preview"],
])("%s %s tells the command's options", (...args) => {
  expect(delivery(...args)).toMatchObject({ status: 0, stdout: expect.stringContaining("--widget <file>") as string });
});

test.each([
  [["nonsense"], "unknown command"],
  [["up", "dev"], "required option '--approved <file>'"],
  [["preview"], "missing required argument 'stack'"],
  [["preview", "prod"], 'there is no stack "prod"'],
  [["check", "prod"], 'there is no stack "prod"'],
  [["check", "dev", "--limit"], "argument missing"],
  [["preview", "dev"], "PLATFORM_PREVIEW_BACKEND is not set"],
  [["up", "dev", "--approved", "record.json"], "this is no record of a preview"],
])("%j is wrong use", (args, message) => {
  expect(delivery(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) as string });
});

test("without the Pulumi CLI it says so", () => {
  const environment = { PATH: project, PLATFORM_PREVIEW_BACKEND: "file:///nowhere" };
  expect(deliveryWith(environment, "preview", "dev")).toMatchObject({
    status: 1,
    stderr: "bin/delivery: pulumi was not found on PATH\n",
  });
});
