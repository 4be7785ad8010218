import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let here: string;
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), "recover-"));
});
afterEach(() => rmSync(here, { recursive: true }));

/** Runs the command with a stand-in for Pulumi, whose state this is. */
function recover(deployment: object, ...args: string[]) {
  writeFileSync(join(here, "state.json"), JSON.stringify({ deployment }));
  const script = `#!/bin/sh
echo "$@" >>${here}/asked
case "$2" in export) cat ${here}/state.json ;; import) cat >${here}/imported.json ;; esac
`;
  writeFileSync(join(here, "pulumi"), script);
  chmodSync(join(here, "pulumi"), 0o755);
  const env = { ...process.env, ARM_SUBSCRIPTION_ID: undefined, PATH: `${here}:${process.env["PATH"] ?? ""}` };
  return spawnSync(process.execPath, [join(import.meta.dirname, "recover.ts"), ...args], { encoding: "utf8", env });
}

const pending_operations = [
  {
    type: "creating",
    resource: { urn: "urn:group", type: "azure-native:resources:ResourceGroup", inputs: { resourceGroupName: "rg" } },
  },
];

test("what was being made is written into the state, and a refresh asks Azure for it", () => {
  const resources = [{ urn: "urn:other", type: "", id: "/subscriptions/s/resourceGroups/other" }];
  const run = recover({ resources, pending_operations }, "dev");
  expect(run.status, run.stderr).toBe(0);
  expect(readFileSync(join(here, "asked"), "utf8").split("\n")).toEqual([
    "stack export --stack dev",
    "stack import --stack dev",
    "refresh --yes --skip-preview --stack dev",
    "",
  ]);
  expect(readFileSync(join(here, "imported.json"), "utf8")).toContain('"id":"/subscriptions/s/resourceGroups/rg"');
});

test("where nothing is pending nothing is done; what cannot be known, and wrong arguments, are told", () => {
  expect(recover({}, "dev")).toMatchObject({ status: 0, stdout: "stack dev: nothing was being made\n" });
  expect(recover({ pending_operations }, "dev")).toMatchObject({
    status: 2,
    stderr: "bin/recover: the state does not tell the subscription: set ARM_SUBSCRIPTION_ID to its ID\n",
  });
  expect(recover({}).stderr).toContain("given 0 stacks, allowed is one");
  expect(recover({}, "--help").stdout).toContain("Usage: bin/recover <stack>");
});
