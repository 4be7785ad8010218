import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Export } from "./pendingCreates.ts";

let here: string;
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), "recover-"));
});
afterEach(() => rmSync(here, { recursive: true }));

/** Runs the command with a stand-in for Pulumi, whose state this is; `refresh` ends with the status that is given. */
function recover(deployment: object, args: string[] = ["dev"], refreshStatus = 0) {
  writeFileSync(join(here, "state.json"), JSON.stringify({ deployment }));
  const script = `#!/bin/sh
echo "$@" >>${here}/asked
case "$1 $2" in
"stack export") cat ${here}/state.json ;;
"stack import") cat >${here}/imported.json ;;
*) exit ${refreshStatus} ;;
esac
`;
  writeFileSync(join(here, "pulumi"), script);
  chmodSync(join(here, "pulumi"), 0o755);
  const env = { ...process.env, ARM_SUBSCRIPTION_ID: undefined, PATH: `${here}:${process.env["PATH"] ?? ""}` };
  return spawnSync(process.execPath, [join(import.meta.dirname, "recover.ts"), ...args], { encoding: "utf8", env });
}

const asked = () => readFileSync(join(here, "asked"), "utf8").trim().split("\n");
const imported = () => JSON.parse(readFileSync(join(here, "imported.json"), "utf8")) as Export;

const group = { urn: "urn:group", type: "azure-native:resources:ResourceGroup", inputs: { resourceGroupName: "rg" } };
const pending_operations = [{ type: "creating", resource: group }];
const resources = [{ urn: "urn:other", type: "", id: "/subscriptions/s/resourceGroups/other" }];
const refresh = "refresh --yes --skip-preview --stack dev --target urn:group";

test("what was being made is written into the state, and a refresh asks Azure for it and nothing else", () => {
  const run = recover({ resources, pending_operations });
  expect(run.status, run.stderr).toBe(0);
  expect(asked()).toEqual([
    "stack export --stack dev",
    "stack export --stack dev",
    "stack import --stack dev",
    refresh,
  ]);
  expect(imported().deployment.resources?.[1]).toEqual({ ...group, id: "/subscriptions/s/resourceGroups/rg" });
});

test("a refresh that failed is owed until it has gone well", () => {
  expect(recover({ resources, pending_operations }, ["dev"], 1)).toMatchObject({
    status: 2,
    stderr: "bin/recover: pulumi refresh --yes ended with 1; run this again\n",
  });
  rmSync(join(here, "asked"));
  expect(recover(imported().deployment).status).toBe(0);
  expect(asked()).toEqual(["stack export --stack dev", refresh]);
});

test("where only Ansible ran nothing is asked of Azure", () => {
  const command = { urn: "urn:run", type: "command:local:Command", inputs: {} };
  const run = recover({ resources, pending_operations: [{ type: "creating", resource: command }] });
  expect(run).toMatchObject({ status: 0, stdout: "stack dev: nothing of Azure's was being made\n" });
  expect(imported().deployment).toEqual({ resources, pending_operations: [] });
});

test("where nothing is pending nothing is done; what cannot be known, and wrong arguments, are told", () => {
  expect(recover({})).toMatchObject({ status: 0, stdout: "stack dev: nothing of Azure's was being made\n" });
  expect(recover({ pending_operations })).toMatchObject({
    status: 2,
    stderr: "bin/recover: the state does not tell the subscription: set ARM_SUBSCRIPTION_ID to its ID\n",
  });
  expect(recover({}, []).stderr).toContain("given 0 stacks, allowed is one");
  expect(recover({}, ["--help"]).stdout).toContain("Usage: bin/recover <stack>");
});
