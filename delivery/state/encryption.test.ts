import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encryption } from "./encryption.ts";

/** `make check` runs also where no engine is. */
const engine = spawnSync("pulumi", ["version"]).status === 0;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "encryption-"));
  mkdirSync(join(directory, "backend"));
  writeFileSync(join(directory, "Pulumi.yaml"), "name: project\nruntime: nodejs\n");
});
afterEach(() => rmSync(directory, { recursive: true }));

test.skipIf(!engine)("the real engine reads what was encrypted, with a salt of its own and with a new one", () => {
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${join(directory, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "a passphrase",
    PULUMI_HOME: join(directory, "home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const pulumi = (...words: string[]) => {
    const run = spawnSync("pulumi", ["--non-interactive", ...words], { cwd: directory, env, encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
    return run.stdout;
  };
  pulumi("stack", "init", "dev");
  const fresh = encryption("a passphrase");
  const again = encryption("a passphrase", fresh.encryptionSalt);
  const config = {
    "project:one": { secure: fresh.encrypt("first") },
    "project:two": { secure: again.encrypt("second") },
  };
  writeFileSync(join(directory, "Pulumi.dev.yaml"), dump({ encryptionsalt: fresh.encryptionSalt, config }));
  const shown = JSON.parse(pulumi("config", "--show-secrets", "--json", "--stack", "dev")) as object;
  expect(shown).toMatchObject({ "project:one": { value: "first" }, "project:two": { value: "second" } });
});
