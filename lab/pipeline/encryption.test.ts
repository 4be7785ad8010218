import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { succeed } from "../../e2e/command.ts";
import { encryption } from "./encryption.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  mkdirSync(join(directory, "backend"));
  writeFileSync(join(directory, "Pulumi.yaml"), "name: project\nruntime: nodejs\n");
});
afterAll(() => rmSync(directory, { recursive: true }));

test("the real engine reads what was encrypted, with a salt of its own and with a new one", async () => {
  const env = {
    PULUMI_BACKEND_URL: `file://${join(directory, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "a passphrase",
    PULUMI_HOME: join(directory, "home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const pulumi = (...words: string[]) => succeed(["pulumi", "--non-interactive", ...words], { cwd: directory, env });
  await pulumi("stack", "init", "dev");
  const fresh = encryption("a passphrase");
  const again = encryption("a passphrase", fresh.encryptionSalt);
  const config = {
    "project:one": { secure: fresh.encrypt("first") },
    "project:two": { secure: again.encrypt("second") },
  };
  writeFileSync(join(directory, "Pulumi.dev.yaml"), dump({ encryptionsalt: fresh.encryptionSalt, config }));
  const { stdout } = await pulumi("config", "--show-secrets", "--json", "--stack", "dev");
  expect(JSON.parse(stdout)).toMatchObject({ "project:one": { value: "first" }, "project:two": { value: "second" } });
});
