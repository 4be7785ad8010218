/**
 * `bin/azure-state` with a program in the place of `az` that keeps what it was told to make. It shows what the script
 * asks for and that a second run asks for nothing; whether Azure takes it is not shown.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { definitionGuid, signerRole } from "../configuration/certificates/signers.ts";
import { artifactPath, pointerPath } from "../delivery/artifacts/release.ts";
import { lockOf, recordOf } from "../delivery/deployments/place.ts";
import { roleIds } from "../environment/rights.ts";
import { root, run } from "./command.ts";

const az = `#!/bin/bash
made=$(dirname "$0")/made
touch "$made"
known() { grep -qF -- "$1" "$made" || { echo "ERROR: Not Found({\\"error\\":{\\"code\\":\\"ResourceNotFound\\"}})" >&2; exit 3; }; }
case "$*" in
  "account show"*tenantId*) echo 77777777-2222-3333-4444-555555555555 ;;
  "account show"*) cat "$(dirname "$0")/subscription" 2>/dev/null || echo 11111111-2222-3333-4444-555555555555 ;;
  "cloud show"*keyvaultDns*) echo .vault.azure.net ;;
  "cloud show"*name*) cat "$(dirname "$0")/cloud" 2>/dev/null || echo AzureCloud ;;
  "cloud show"*) echo core.windows.net ;;
  "ad signed-in-user"*) echo 99999999-8888-7777-6666-555555555555 ;;
  "rest --method get"*blobServices/default\\?*) known blob-service-properties; echo true ;;
  "rest --method get"*/roleDefinitions/*) known "put --url \${5%%\\?*}" && grep -F "put --url \${5%%\\?*}" "$made" | tail -n 1 |
      grep -oE '"(data)?[aA]ctions": \\[[^]]*' | grep -oE '"Microsoft[^"]*' | tr -d '"' | LC_ALL=C sort | paste -sd ' ' ;;
  "rest --method get"*/rg-platform-none/*) echo "ERROR: Not Found" >&2; exit 3 ;;
  "rest --method get"*/rg-platform-two/*) printf '%s\\n' /one /other ;;
  "rest --method get"*/rg-platform-*/vaults\\?*) echo "\${5%%\\?*}/kv-env" ;;
  "rest --method get"*/rg-platform-*/storageAccounts\\?*) echo "\${5%%\\?*}/stenv" ;;
  "rest --method get"*/managementPolicies/*) known management-policy ;;
  "rest --method get"*/containers/*) name=\${5##*/} && known "--name \${name%%\\?*} --output" ;;
  "rest --method get"*/storageAccounts/*) known "storage account create" ;;
  "rest --method get"*/keys/*) known "put --url \${5%%\\?*}" ;;
  "rest --method get"*/vaults/*) known "keyvault create" ;;
  "rest --method get"*) known "group create" ;;
  "role assignment list"*)
    id=$5/providers/Microsoft.Authorization/roleAssignments/$7-\${9// /-}
    last=$(grep -E -- "create --assignee(-object-id)? $7( --assignee-principal-type [A-Za-z]+)? --role $9 --scope $5 |put --url $id\\?" "$made" | tail -n 1)
    [ -z "$last" ] || case \${11} in
      *.condition) sed -nE 's/.* --condition (.*) --output none$/\\1/p; s/.*"condition": "([^"]*)".*/\\1/p' <<<"$last" ;;
      *.roleDefinitionId) echo "/roleDefinitions/$9" ;;
      *) echo "$id" ;;
    esac ;;
  "identity show"*) known "identity create --resource-group $4 --name $6" && case $8 in
      principalId) echo "principal-of-$6" ;; clientId) echo "client-of-$6" ;; *) echo "$6" ;; esac ;;
  "identity federated-credential show"*)
    last=$(grep -F -- "--resource-group $5 --identity-name $7 --name $9 " "$made" | tail -n 1)
    [ -n "$last" ] && case $* in *join*) awk '{ print $11, $13, $15 }' <<<"$last" ;; *) echo id ;; esac ;;
  "identity federated-credential list"*) cat "$(dirname "$0")/others" 2>/dev/null || true ;;
  "role assignment create"*) if refusal=$(head -n 1 "$(dirname "$0")/refusals" 2>/dev/null) && [ -n "$refusal" ]; then
      sed -i 1d "$(dirname "$0")/refusals" && echo "ERROR: ($refusal) no" >&2 && exit 1
    else echo "$*" >>"$made"; fi ;;
  *) echo "\${*//$'\\n'/}" >>"$made" ;;
esac
`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "azure-state-"));
  writeFileSync(join(directory, "az"), az);
  // Minutes of waiting pass at once.
  writeFileSync(join(directory, "sleep"), "#!/bin/sh\n");
  for (const program of ["az", "sleep"]) chmodSync(join(directory, program), 0o755);
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
  expect(plan.stdout.match(/to be made/g)).toHaveLength(12);
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
    "storage account management-policy",
    "storage container-rm create",
    "storage container-rm create",
    "keyvault create --resource-group",
    // A key for each stack.
    "rest --method put",
    "rest --method put",
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
  expect(JSON.parse(/--policy (.*) --output/.exec(all)?.[1] ?? "")).toEqual({
    rules: [
      {
        ...{ name: "oldVersions", enabled: true, type: "Lifecycle" },
        definition: {
          filters: { blobTypes: ["blockBlob", "appendBlob"] },
          actions: { version: { delete: { daysAfterCreationGreaterThan: 30 } } },
        },
      },
    ],
  });
  expect(first.stdout).toContain("?storage_account=stplatformabc1&domain=blob.core.windows.net'");
  expect(first.stdout).toContain("azurekeyvault://kv-platform-abc1.vault.azure.net/keys/pulumi-dev");
  const before = made();
  const second = await script("--yes", "--location", "northeurope", "--suffix", "abc1");
  expect(second.stdout).not.toContain("to be made");
  expect(made()).toEqual(before);
});

const subjects = () => made().flatMap((call) => /--subject (\S+)/.exec(call)?.[1] ?? []);
const subscriptionId = "11111111-2222-3333-4444-555555555555";
/** Roles of an identity, each with its scope: below the subscription's groups, where it is there. */
const given = (identity: string) =>
  made().flatMap((call) => {
    const [, role, scope] =
      new RegExp(
        `principal-of-${identity} --assignee-principal-type ServicePrincipal --role (.+?) --scope (\\S+)`,
      ).exec(call) ?? [];
    return role === undefined ? [] : [[nameOf(role), scope!.replace(/^.*\/resourceGroups\//, "")] as const];
  });
/** The name of a role of our own, by the ID of its definition. */
const nameOf = (role: string) =>
  made().flatMap((call) =>
    call.includes(`roleDefinitions/${role}?`) ? [/"roleName": "([^"]+) of 11111111-/.exec(call)![1]] : [],
  )[0] ?? role;
const rolesOf = (identity: string) =>
  given(identity).map(([role, scope]) => `${role} @ ${scope.slice(scope.lastIndexOf("/") + 1)}`);

test("a project's pipelines get an identity that reads and one for each stack that writes; then nothing more", async () => {
  const args = ["--yes", "--gitlab", "group/platform", "--suffix", "abc1"];
  const first = await script(...args);
  expect(first.status, first.output).toBe(0);
  expect(rolesOf("id-platform-ci-preview")).toEqual([
    `Reader @ ${subscriptionId}`,
    "Storage Blob Data Reader @ previews",
  ]);
  for (const stack of ["dev", "prod", "tools"])
    expect(rolesOf(`id-platform-ci-${stack}`)).toEqual([
      `Contributor @ ${subscriptionId}`,
      `Role Based Access Control Administrator @ ${subscriptionId}`,
      "Storage Blob Data Contributor @ state",
      "Storage Blob Data Contributor @ previews",
      `Key Vault Crypto User @ pulumi-${stack}`,
    ]);
  // Who may give roles may give those of machines only.
  const mayGive = made().filter((call) => call.includes("--role Role Based"));
  expect(mayGive).toHaveLength(3);
  const ofMachines = Object.values(roleIds).join(", ");
  for (const call of mayGive)
    expect(call).toMatch(
      new RegExp(`--condition-version 2\\.0 --condition .*write.*GuidEquals {${ofMachines}}.*ServicePrincipal.*delete`),
    );
  const told = first.stdout.split("\n").map((line) => line.trim().replaceAll(/ +/g, " "));
  expect(told).toContain("PLATFORM_READER_CLIENT_ID client-of-id-platform-ci-preview");
  expect(told).toContain(
    "PLATFORM_PREVIEW_BACKEND azblob://previews?storage_account=stplatformabc1&domain=blob.core.windows.net",
  );
  expect(told).toContain(
    "PLATFORM_WRITER_CLIENT_ID client-of-id-platform-ci-prod environment prod (deployment tier production)",
  );
  expect(first.stdout).toContain("/api/v4/projects/group%2Fplatform");
  expect(first.stdout.match(/sub_claim_components\[\]=\w+/g)?.map((one) => one.split("=")[1])).toEqual([
    "project_path",
    "ref_type",
    "ref_protected",
    "environment_protected",
    "deployment_tier",
  ]);
  const before = made();
  const second = await script(...args);
  expect(second.stdout).not.toContain("to be made");
  expect(made()).toEqual(before);
});

test("subjects are exact: no two stacks have the same, and merge requests have one that is nobody else's", async () => {
  await script("--yes", "--gitlab", "group/platform", "--issuer", "https://gitlab.example:8443");
  const project = "project_path:group/platform:ref_type:branch";
  const writer = (tier: string) => `${project}:ref_protected:true:environment_protected:true:deployment_tier:${tier}`;
  expect(subjects()).toEqual([
    `${project}:ref_protected:false`,
    ...["development", "production", "other"].map((tier) => writer(tier)),
  ]);
  const credentials = made().filter((call) => call.includes("federated-credential"));
  for (const call of credentials)
    expect(call).toMatch(/^identity federated-credential create .*--issuer https:\/\/gitlab\.example:8443 --subject/);
  for (const call of credentials) expect(call).toContain("--audiences api://AzureADTokenExchange --output");
});

test("without protected environments the subjects say so, and another project's subject is put in place of the old", async () => {
  const of = (project: string) => [
    "--yes",
    "--gitlab",
    project,
    "--stack",
    "live:production",
    "--unprotected-environments",
  ];
  await script(...of("group/old"));
  const before = made().length;
  const moved = await script(...of("group/new"));
  expect(moved.stdout.match(/to be made/g)).toHaveLength(2);
  const changes = made().slice(before);
  expect(changes.map((call) => call.split(" ").slice(0, 3).join(" "))).toEqual([
    "identity federated-credential update",
    "identity federated-credential update",
  ]);
  expect(changes[1]).toContain(
    "--subject project_path:group/new:ref_type:branch:ref_protected:true:environment_protected:false:deployment_tier:production ",
  );
});

const conditionOf = (identity: string) =>
  made().flatMap(
    (call) => (call.includes(`principal-of-${identity} `) && / --condition (.*) --output/.exec(call)?.[1]) || [],
  );

test("an application's pipelines get an identity for each stack; then nothing more", async () => {
  const args = ["--yes", "--gitlab", "group/front", "--application", "front"];
  const first = await script(...args);
  expect(first.status, first.output).toBe(0);
  const vault = (stack: string) => `rg-platform-${stack}/providers/Microsoft.KeyVault/vaults/kv-env`;
  const artifacts = (stack: string) =>
    `rg-platform-${stack}/providers/Microsoft.Storage/storageAccounts/stenv/blobServices/default/containers/artifacts`;
  for (const stack of ["dev", "prod"])
    expect(given(`id-platform-app-front_${stack}`)).toEqual([
      ["Platform Release Writer", artifacts(stack)],
      ["Platform Inventory Reader", `rg-platform-${stack}`],
      ["Platform Certificate Signer", `${vault(stack)}/keys/ssh-authority-deploy`],
    ]);
  const project = "project_path:group/front:ref_type:branch:ref_protected:true";
  expect(subjects()).toEqual([
    `${project}:environment_protected:true:deployment_tier:development`,
    `${project}:environment_protected:true:deployment_tier:production`,
  ]);
  // Nothing of the state, which may be in another subscription or none.
  expect(made()[0]).toMatch(/^group create /);
  for (const call of made().slice(1)) expect(call).toMatch(/^(identity|role assignment) |^rest --method put /);
  for (const word of ["stplatform", "kv-platform"]) expect(made().join("\n")).not.toContain(word);
  // Nothing of the platform's own pipelines, no role on the subscription, and no key of administrators.
  const ofIdentities = made().filter((call) => call.includes("principal-of-"));
  expect(ofIdentities).toHaveLength(6);
  for (const word of ["id-platform-ci", "administrator", "--role Reader", "Contributor"])
    expect(ofIdentities.join("\n")).not.toContain(word);
  expect(first.stdout).toMatch(
    /ARM_CLIENT_ID +client-of-id-platform-app-front_prod +environment of stack prod \(.*production\)/,
  );
  const before = made();
  const second = await script(...args);
  expect(second.stdout).not.toContain("to be made");
  expect(made()).toEqual(before);
});

test("who reaches machines behind an entry reads the names and host keys of the entry's jump hosts, too", async () => {
  const way = ["Platform Inventory Reader @ rg-platform-tools", "Platform Inventory Reader @ rg-platform-prod"];
  const groupsOf = (identity: string) =>
    given(identity).flatMap(([role, scope]) => (role === "Platform Inventory Reader" ? [`${role} @ ${scope}`] : []));
  const first = await script("--yes", "--gitlab", "group/front", "--application", "front", "--stack", "tools");
  expect(first.status, first.output).toBe(0);
  expect(groupsOf("id-platform-app-front_tools")).toEqual(way);
  await script(...exactly, "--stack", "tools");
  for (const identity of ["id-platform-ci-tools", "id-platform-ci-tools-exact"])
    expect(groupsOf(identity)).toEqual(way);
});

test("an application's identities write below their own paths only, and no role of ours deletes or changes resources", async () => {
  await script("--yes", "--gitlab", "group/front", "--application", "front", "--stack", "live:production");
  const [condition = ""] = conditionOf("id-platform-app-front_live");
  const patterns = [...condition.matchAll(/StringLike '([^']+)'/g)].map(([, path]) => path!);
  const mayWrite = (path: string) => patterns.some((one) => new RegExp(`^${one.replaceAll("*", ".*")}$`).test(path));
  const release = "20261129174500-0123456789ab";
  const written = (application: string) => [
    artifactPath(application, release),
    pointerPath("production", application),
    recordOf({ environment: "production", application }, "2026-11-29T17:45:00.000Z"),
  ];
  expect(written("front").filter((path) => !mayWrite(path))).toEqual([]);
  expect(written("back").filter((path) => mayWrite(path))).toEqual([]);
  // Another application may be on the same machines.
  expect(mayWrite(lockOf({ environment: "production", tier: "back" }))).toBe(true);
  for (const action of ["read", "write", "add/action"]) expect(condition).toContain(`blobs/${action}'}`);
  // Every bracket that is opened is closed.
  expect(condition.split("(").length).toBe(condition.split(")").length);
  const definitions = made().flatMap((call) =>
    call.includes("/roleDefinitions/") ? [call.slice(call.indexOf("{"))] : [],
  );
  const known = definitions.map((body) => {
    const { properties } = JSON.parse(body.slice(0, body.lastIndexOf("}") + 1)) as {
      properties: { roleName: string; permissions: { actions: string[]; dataActions: string[] }[] };
    };
    return [properties.roleName.replace(` of ${subscriptionId}`, ""), properties.permissions[0]] as const;
  });
  const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
  expect(Object.fromEntries(known)).toEqual({
    "Platform Inventory Reader": {
      actions: [
        "Microsoft.Compute/*/read",
        "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
        "Microsoft.ManagedIdentity/*/read",
        "Microsoft.Network/*/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
      ],
      dataActions: [],
    },
    [signerRole.name]: { actions: [], dataActions: signerRole.dataActions },
    "Platform Release Writer": { actions: [], dataActions: [`${blobs}/add/action`, `${blobs}/read`, `${blobs}/write`] },
  });
  // bin/ssh-certificate defines it, too.
  expect(nameOf(definitionGuid(subscriptionId, signerRole.name))).toBe(signerRole.name);
});

test("in another subscription of the tenant the roles have names of their own, since a tenant has each once", async () => {
  const names = async (subscription: string) => {
    writeFileSync(join(directory, "subscription"), `${subscription}\n`);
    rmSync(join(directory, "made"), { force: true });
    const { status, output } = await script("--yes", "--gitlab", "group/front", "--application", "front");
    expect(status, output).toBe(0);
    return made().flatMap((call) => /"roleName": "([^"]+)"/.exec(call)?.[1] ?? []);
  };
  const all = [...(await names(subscriptionId)), ...(await names("22222222-2222-3333-4444-555555555555"))];
  expect(all).toHaveLength(6);
  expect(new Set(all).size).toBe(6);
});

test("a role that Azure does not know yet is waited for; what else is refused is told, and can be run again", async () => {
  const args = ["--yes", "--gitlab", "group/front", "--application", "front", "--stack", "live:production"];
  const refusals = (...codes: string[]) => writeFileSync(join(directory, "refusals"), codes.join("\n"));
  refusals("RoleDefinitionDoesNotExist", "RoleDefinitionDoesNotExist", "AuthorizationFailed");
  const refused = await script(...args);
  expect(refused.status).toBe(1);
  expect(refused.stdout.match(/waits until Azure knows the role/g)).toHaveLength(2);
  expect(refused.stderr).toMatch(
    /^bin\/azure-state: Platform Release Writer on .* was not made\. What there is stays, .*\(AuthorizationFailed\) no\n$/,
  );
  const again = await script(...args);
  expect(again.status, again.output).toBe(0);
  expect(given("id-platform-app-front_live")).toHaveLength(3);
});

const exactly = ["--yes", "--gitlab", "group/platform", "--exact", "--same-deployers", "--suffix", "abc1"];

test("with --exact there is an identity for each stack, which a protected environment of merge requests has alone", async () => {
  const args = [...exactly, "--stack", "dev", "--stack", "prod"];
  const first = await script(...args);
  expect(first.status, first.output).toBe(0);
  const state = "rg-platform-state/providers";
  const rolesOf = (identity: string) => given(identity).map(([role, scope]) => `${role} @ ${scope}`);
  for (const stack of ["dev", "prod"]) {
    const group = `rg-platform-${stack}`;
    const wayIn = [
      `Platform Inventory Reader @ ${group}`,
      `Platform Certificate Signer @ ${group}/providers/Microsoft.KeyVault/vaults/kv-env/keys/ssh-authority-administrator`,
    ];
    expect(rolesOf(`id-platform-ci-${stack}-exact`)).toEqual([
      `Reader @ /subscriptions/${subscriptionId}`,
      `Storage Blob Data Reader @ ${state}/Microsoft.Storage/storageAccounts/stplatformabc1/blobServices/default/containers/state`,
      `Key Vault Crypto User @ ${state}/Microsoft.KeyVault/vaults/kv-platform-abc1/keys/pulumi-${stack}`,
      ...wayIn,
    ]);
    expect(rolesOf(`id-platform-ci-${stack}`)).toEqual(expect.arrayContaining(wayIn));
  }
  const project = "project_path:group/platform:ref_type:branch";
  const tiers = ["development", "production"];
  const of = (isProtected: boolean) =>
    tiers.map((tier) => `${project}:ref_protected:${isProtected}:environment_protected:true:deployment_tier:${tier}`);
  expect(subjects()).toEqual([`${project}:ref_protected:false`, ...of(true), ...of(false)]);
  expect(first.stdout).toMatch(/PLATFORM_EXACT_CLIENT_ID +client-of-id-platform-ci-dev-exact +environment dev-exact/);
  expect(first.stdout).toContain("PLATFORM_CERTIFICATE_MINUTES");
  // A second creation of a key would be another version of it.
  expect(first.stdout.match(/making +key ssh-authority-administrator/g)).toHaveLength(2);
  const before = made();
  expect((await script(...args)).stdout).not.toContain("to be made");
  expect(made()).toEqual(before);
});

test("an exact identity reads what is of its stack in the state, and nothing of another's", async () => {
  await script(...exactly, "--stack", "dev", "--stack", "prod");
  const [condition = "", ...others] = conditionOf("id-platform-ci-dev-exact");
  expect(others).toEqual([]);
  // As Azure reads them: a star is any characters, a slash as well.
  const patterns = [...condition.matchAll(/StringLike '([^']+)'/g)].map(
    ([, path = ""]) => new RegExp(`^${path.replaceAll(".", "\\.").replaceAll("*", ".*")}$`),
  );
  const reads = (path: string) => patterns.some((pattern) => pattern.test(path));
  // As Pulumi's own backend names them: pkg/backend/diy.
  const name = "platform";
  const files = (stack: string) => [
    `.pulumi/stacks/${name}/${stack}.json`,
    `.pulumi/stacks/${name}/${stack}.pulumi-tags`,
    `.pulumi/history/${name}/${stack}/${stack}-1700000000000000000.history.json`,
  ];
  for (const file of [".pulumi/meta.yaml", ...files("dev")]) expect(reads(file), file).toBe(true);
  for (const file of [...files("prod"), ...files("dev2"), ...files("dev").map((file) => file.replace(name, "other"))])
    expect(reads(file), file).toBe(false);
  expect(condition).toContain("blobs/read'} AND NOT SubOperationMatches{'Blob.List'}");
});

test("a stack that is not up, or has a vault of before beside its own, ends it before anything is made", async () => {
  const missing = await script("--yes", "--gitlab", "group/front", "--application", "front", "--stack", "none:other");
  expect(missing.status).toBe(1);
  expect(missing.stderr).toContain("stack none: given nothing as vaults of rg-platform-none, allowed is the one that");
  const several = await script("--yes", "--gitlab", "group/front", "--application", "front", "--stack", "two:other");
  expect(several.status).toBe(1);
  expect(several.stderr).toContain("stack two: given /one, /other as vaults of rg-platform-two, allowed is one, which");
  expect(made()).toEqual([]);
});

const locks =
  " OR @Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringLike 'locks/*'";
test.each([
  ["another condition", (text: string) => text.replaceAll(locks, "")],
  ["no condition", (text: string) => text.replaceAll(/ --condition-version .*(?= --output none)/g, "")],
])("a role that was given with %s is given with that of today, and nothing else is changed", async (_, older) => {
  const args = ["--yes", "--gitlab", "group/front", "--application", "front", "--stack", "live:production"];
  await script(...args);
  const [condition] = conditionOf("id-platform-app-front_live");
  const file = join(directory, "made");
  const today = readFileSync(file, "utf8");
  writeFileSync(file, older(today));
  expect(made().join("\n")).not.toBe(today.trim());
  const before = made().length;
  const second = await script(...args);
  expect(second.stdout.match(/to be made.*/g)).toEqual([expect.stringContaining("Platform Release Writer on")]);
  const [change = "", ...more] = made().slice(before);
  expect(more).toEqual([]);
  expect(change).toMatch(
    /^rest --method put --url \S+\/containers\/artifacts\/providers\/Microsoft\.Authorization\/roleAssignments\//,
  );
  expect(JSON.parse(change.slice(change.indexOf("{")))).toEqual({
    properties: {
      roleDefinitionId: expect.stringMatching(/^\/roleDefinitions\/[-\da-f]{36}$/) as string,
      principalId: "principal-of-id-platform-app-front_live",
      principalType: "ServicePrincipal",
      conditionVersion: "2.0",
      condition,
    },
  });
  expect((await script(...args)).stdout).not.toContain("to be made");
});

test("what else an identity trusts is told, and a national cloud has an audience of its own", async () => {
  writeFileSync(join(directory, "others"), "mine\thttps://gitlab.com\tproject_path:someone/else\n");
  writeFileSync(join(directory, "cloud"), "AzureUSGovernment\n");
  const told = await script("--yes", "--gitlab", "group/platform");
  expect(told.stdout).toContain("id-platform-ci-dev trusts: mine https://gitlab.com project_path:someone/else");
  expect(made().join("\n")).toContain("--audiences api://AzureADTokenExchangeUSGov --output");
  expect(told.stdout).toContain("The audience of ID tokens in this cloud: api://AzureADTokenExchangeUSGov");
});

test.each([
  [["--gitlab", "platform"], '--gitlab: given "platform", allowed is a project\'s full path such as group/project'],
  [["--gitlab", "group/*"], '--gitlab: given "group/*"'],
  [["--gitlab", "g/p", "--issuer", "https://gitlab.com/"], '--issuer: given "https://gitlab.com/"'],
  [["--gitlab", "g/p", "--issuer", "http://gitlab.com"], '--issuer: given "http://gitlab.com"'],
  [["--gitlab", "g/p", "--stack", "a:prod"], '--stack: given "a:prod", allowed tiers are production, staging'],
  [["--gitlab", "g/p", "--stack", "a", "--stack", "b"], "--stack: a and b have the tier other"],
  [["--exact", "--same-deployers"], "--exact --same-deployers: given without --gitlab, allowed with it"],
  [["--application", "front"], "--application: given without --gitlab"],
  [["--issuer", "https://gitlab.example"], "--issuer: given without --gitlab"],
  [["--gitlab", "g/p", "--stack", "preview"], '--stack: given "preview", allowed are names other than preview'],
  [["--gitlab", "g/p", "--stack", "dev-exact:testing"], '--stack: given "dev-exact:testing", allowed are names other'],
  [["--gitlab", "g/p", "--application", "Front"], '--application: given "Front", allowed are names'],
  [
    ["--gitlab", "g/p", "--application", "front", "--exact", "--same-deployers"],
    "--exact is for the platform's own project",
  ],
  [["--gitlab", "g/p", "--exact", "--unprotected-environments"], "--exact: given with --unprotected-environments"],
  [
    ["--gitlab", "g/p", "--exact"],
    "--exact: given alone, allowed with --same-deployers, where all protected environments of g/p",
  ],
  [["--suffix", "ABC"], '--suffix: given "ABC", allowed are up to 8 lower-case letters and digits'],
  [["--where", "x"], 'unknown argument "--where"'],
  [["--for"], "--for needs a value"],
])("%j is refused before Azure is asked", async (args, message) => {
  const refused = await script(...args);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain(message);
});
