/** Checkov over the committed stacks' templates: `make scan`. Skipped where nobody has installed it (`bin/scan --install`). */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { templateOf } from "../../delivery/template/template.ts";
import { runPreview } from "../../testing/program.ts";
import { cacheDir } from "../paths.ts";
import { plannedOf } from "./testing/planned.ts";

const root = resolve(import.meta.dirname, "../..");
const requirements = createHash("sha256")
  .update(readFileSync(join(root, "requirements-checkov.txt")))
  .digest("hex");
const isInstalled = existsSync(join(cacheDir, "checkov", requirements.slice(0, 16), "installed"));
const stacks = ["dev", "prod", "tools"];
const directory = mkdtempSync(join(tmpdir(), "scan-test-"));
const file = (name: string) => join(directory, `${name}.json`);
/** A day on which the waivers of the committed file hold. */
const env = { ...process.env, PLATFORM_POLICY_DATE: "2026-12-01" };

beforeAll(async () => {
  if (!isInstalled) return;
  for (const stack of stacks) {
    const { recorder } = await runPreview(stack);
    writeFileSync(file(stack), JSON.stringify(templateOf(plannedOf(recorder.resources))));
  }
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true }));

test.skipIf(!isInstalled)(
  "Checkov reads every resource of the three stacks, and finds nothing that is not waived",
  () => {
    const told = execFileSync(join(root, "bin/scan"), stacks.map(file), { env, encoding: "utf8" });
    const counts = stacks.map((stack) => {
      const { resources } = JSON.parse(readFileSync(file(stack), "utf8")) as { resources: object[] };
      return expect.stringMatching(
        RegExp(
          `^${stack}\\.json: ${resources.length} resources, \\d+ checks passed, 0 findings, \\d+ waived, 0 of what`,
        ),
      ) as string;
    });
    expect(told.trim().split("\n")).toEqual(counts);
  },
  240_000,
);

test("a file that is not there is wrong use, and told before Checkov is installed", () => {
  const { status, stderr } = spawnSync(join(root, "bin/scan"), ["none.json"], { env, encoding: "utf8" });
  expect(stderr).toContain("given none.json");
  expect(status).toBe(2);
});

test.skipIf(!isInstalled)(
  "a file that is no template has no verdict",
  () => {
    writeFileSync(file("none"), "{}");
    const { status, stderr } = spawnSync(join(root, "bin/scan"), [file("none")], { env, encoding: "utf8" });
    expect(stderr).toBe(
      `bin/scan: ${file("none")}: given no ARM template, allowed is a file of bin/delivery template\n`,
    );
    expect(status).toBe(2);
  },
  240_000,
);

test.skipIf(!isInstalled)(
  "Checkov finds mistakes in a template, so it understands what it reads",
  () => {
    const text = readFileSync(file("dev"), "utf8")
      .replace('"supportsHttpsTrafficOnly":true', '"supportsHttpsTrafficOnly":false')
      .replace('"disablePasswordAuthentication":true', '"disablePasswordAuthentication":false')
      .replace('"enablePurgeProtection":true', '"enablePurgeProtection":false')
      .replace('"sourceAddressPrefixes":["198.51.100.1/32"]', '"sourceAddressPrefix":"*"')
      .replace('"publicAccess":"None"', '"publicAccess":"Blob"');
    writeFileSync(file("wrong"), text);
    const { stdout, status } = spawnSync(join(root, "bin/scan"), [file("wrong")], { env, encoding: "utf8" });
    expect(status).toBe(1);
    const checks = [...stdout.matchAll(/^ {2}(CKV\w+)/gm)].map(([, check]) => check);
    expect([...new Set(checks)].sort()).toEqual([10, 110, 149, 3, 34, 42, 49].map((number) => `CKV_AZURE_${number}`));
  },
  240_000,
);
