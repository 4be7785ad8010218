/**
 * `bin/azure-state` with a program in the place of `az` that keeps what it was told to make. It shows what the script
 * asks for and that a second run asks for nothing; whether Azure takes it is not shown.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root, run } from "./command.ts";

const az = `#!/bin/bash
made=$(dirname "$0")/made
touch "$made"
known() { grep -qF -- "$1" "$made" || { echo "ERROR: Not Found({\\"error\\":{\\"code\\":\\"ResourceNotFound\\"}})" >&2; exit 3; }; }
case "$*" in
  "account show"*) echo 11111111-2222-3333-4444-555555555555 ;;
  "cloud show"*keyvaultDns*) echo .vault.azure.net ;;
  "cloud show"*) echo core.windows.net ;;
  "ad signed-in-user"*) echo 99999999-8888-7777-6666-555555555555 ;;
  "rest --method get"*blobServices/default\\?*) known blob-service-properties; echo true ;;
  "rest --method get"*/containers/*) known container-rm ;;
  "rest --method get"*/storageAccounts/*) known "storage account create" ;;
  "rest --method get"*/keys/*) known "rest --method put" ;;
  "rest --method get"*/vaults/*) known "keyvault create" ;;
  "rest --method get"*) known "group create" ;;
  "role assignment list"*) grep -c -F -- "assignment create --assignee $7 --role $9 --scope $5" "$made" || true ;;
  *) echo "$*" >>"$made" ;;
esac
`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "azure-state-"));
  writeFileSync(join(directory, "az"), az);
  chmodSync(join(directory, "az"), 0o755);
});
afterEach(() => rmSync(directory, { recursive: true }));

const script = (...args: string[]) =>
  run([join(root, "bin", "azure-state"), ...args], {
    env: { ...process.env, PATH: `${directory}:${process.env["PATH"]}` },
  });
const made = () => {
  const file = join(directory, "made");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean) : [];
};

test("it says first what it would make, and makes nothing on --dry-run or without a yes", async () => {
  const plan = await script("--dry-run");
  expect(plan.status, plan.output).toBe(0);
  expect(plan.stdout.match(/to be made/g)).toHaveLength(8);
  const asked = await script();
  expect(asked.status).toBe(1);
  expect(asked.stderr).toContain("nothing was made");
  expect(made()).toEqual([]);
});

test("it makes an account without shared keys, a vault with purge protection, and gives two roles; then nothing more", async () => {
  const first = await script("--yes", "--location", "northeurope", "--suffix", "abc1");
  expect(first.status, first.output).toBe(0);
  const calls = made().map((call) => call.split(" ").slice(0, 3).join(" "));
  expect(calls).toEqual([
    "group create --name",
    "storage account create",
    "storage account blob-service-properties",
    "storage container-rm create",
    "keyvault create --resource-group",
    "rest --method put",
    "role assignment create",
    "role assignment create",
  ]);
  const all = made().join("\n");
  for (const option of [
    "--name stplatformabc1 --location northeurope",
    "--allow-shared-key-access false --allow-blob-public-access false",
    "--enable-versioning true --enable-delete-retention true",
    "--enable-rbac-authorization true --enable-purge-protection true",
  ])
    expect(all).toContain(option);
  expect(first.stdout).toContain("?storage_account=stplatformabc1&domain=blob.core.windows.net'");
  expect(first.stdout).toContain("azurekeyvault://kv-platform-abc1.vault.azure.net/keys/pulumi");
  const before = made();
  const second = await script("--yes", "--location", "northeurope", "--suffix", "abc1");
  expect(second.stdout).not.toContain("to be made");
  expect(made()).toEqual(before);
});

test.each([
  [["--suffix", "ABC"], '--suffix: given "ABC", allowed are up to 8 lower-case letters and digits'],
  [["--where", "x"], 'unknown argument "--where"'],
  [["--for"], "--for needs a value"],
])("%j is refused before Azure is asked", async (args, message) => {
  const refused = await script(...args);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain(message);
});
