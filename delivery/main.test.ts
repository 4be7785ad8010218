import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordOf } from "./gitlab/testing/records.ts";

let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "delivery-test-"));
  writeFileSync(join(project, "Pulumi.yaml"), "name: small\nruntime: nodejs\n");
  writeFileSync(join(project, "Pulumi.dev.yaml"), "config: {}\n");
  writeFileSync(join(project, "Pulumi.broken.yaml"), "config: a: b\n");
  writeFileSync(join(project, "record.json"), '{"version": 2}');
  writeFileSync(join(project, "prod.json"), JSON.stringify(recordOf([])));
  writeFileSync(join(project, "failed.json"), JSON.stringify(recordOf([], { stack: "dev", outcome: "failed" })));
});
afterAll(() => rmSync(project, { recursive: true }));

const delivery = (...args: string[]) => deliveryWith({}, ...args);
const deliveryWith = (environment: NodeJS.ProcessEnv, ...args: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    cwd: project,
    encoding: "utf8",
    env: {
      ...process.env,
      CI_COMMIT_SHA: "0".repeat(40),
      CI_API_V4_URL: "",
      PLATFORM_PREVIEW_BACKEND: "",
      ...environment,
    },
  });

test.each([["--help"], ["help"]])("%s lists the commands", (...args) => {
  const { status, stdout } = delivery(...args);
  expect(status).toBe(0);
  for (const name of ["preview", "check", "publish", "up", "drift", "template", "notes", "approved", "drift-issue"])
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
  [["preview", "broken"], "Pulumi.broken.yaml: "],
  [["template", "prod"], 'there is no stack "prod"'],
  [["up", "dev", "--approved", "record.json"], "record.json: this is no record of a preview"],
  [["up", "dev", "--approved", "prod.json"], "prod.json: given a record of stack prod, allowed is one of dev"],
  [["up", "dev", "--approved", "failed.json"], "failed.json: given a preview that failed"],
  [["approved", "dev", "--out", "approved.json"], "CI_API_V4_URL is not set"],
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
