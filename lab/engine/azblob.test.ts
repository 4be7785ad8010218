/**
 * The real engine with its state in `azblob://` and its key in a vault, as a pipeline has them: it logs in by an ID token
 * in a file, at the lab's token endpoint, keeps the state in Azurite, and has the lab's vault encrypt and decrypt.
 * Addresses and variables are those of docs/azure.md, but for the names of vaults. Not shown: roles on the containers,
 * which Azurite does not know (lab/arm/storage/blobCheck.test.ts).
 */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestIssuer } from "../arm/testing/issuer.ts";
import { client, subscription, tenant, TestLab } from "../arm/testing/testLab.ts";
import { changeContainers } from "../fabric/azuriteClient.ts";
import { startAzurite, type AzuriteProcess } from "../fabric/testing/azuriteProcess.ts";
import { gitlabSubject, tokenExchange } from "../gitlabToken.ts";
import { vaultSuffix } from "../serviceNames.ts";
import { signalProcess } from "../signals.ts";
import { arrangePlugins } from "./plugins.ts";
import { startAzureNames, type AzureNames } from "./testing/azureNames.ts";

const root = resolve(import.meta.dirname, "../..");
const account = "stplatformabc1";
const backendOf = (container: string) => `azblob://${container}?storage_account=${account}`;
const hasEngine = spawnSync("pulumi", ["version"]).status === 0;

const subject = gitlabSubject({
  project: "group/platform",
  ref: "main",
  refProtected: true,
  environment: { protected: true, tier: "development" },
});

const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/kv-state`;
const roles = {
  "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
  "Key Vault Crypto Officer": "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
};
const keyOf = (stack: string) => `kv-state.${vaultSuffix}/keys/pulumi-${stack}`;

/** One command, whose file says what it does: how long it takes, for example. And a secret, where the stack has one. */
const program = `
const { local } = require("@pulumi/command");
exports.password = new (require("@pulumi/pulumi").Config)().getSecret("password");
const create = require("node:fs").readFileSync("create.sh", "utf8");
exports.said = new local.Command("one", { create, triggers: [create] }).stdout;
`;

describe.skipIf(!hasEngine)("the engine with its state in a storage account", { timeout: 120_000 }, () => {
  let directory: string;
  let project: string;
  let lab: TestLab;
  let issuer: TestIssuer;
  let azurite: AzuriteProcess;
  let names: AzureNames;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "azblob-"));
    project = join(directory, "project");
    [lab, issuer] = [new TestLab(), new TestIssuer()];
    [azurite] = await Promise.all([startAzurite(account), lab.start(), issuer.start()]);
    const services = lab.options.servicesSocket!;
    names = await startAzureNames({ arm: lab.arm.port, azurite: azurite.port, services });
    const home = join(directory, "home");
    arrangePlugins({ pulumiHome: home });
    const tokenFile = join(directory, "id-token");
    writeFileSync(tokenFile, await issuer.token({ subject, expires: 3600 }), { mode: 0o600 });
    environment = {
      // Nothing of the surroundings but what a process needs.
      PATH: `${join(root, "lab", "engine")}:${process.env["PATH"]}`,
      HOME: directory,
      ...names.environment,
      AZURE_TENANT_ID: tenant,
      AZURE_CLIENT_ID: await makeIdentity(),
      AZURE_FEDERATED_TOKEN_FILE: tokenFile,
      PULUMI_HOME: home,
      PULUMI_CONFIG_PASSPHRASE: "preview",
      PULUMI_BACKEND_URL: backendOf("state"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    mkdirSync(project);
    writeFileSync(
      join(project, "Pulumi.yaml"),
      "name: small\nruntime: { name: nodejs, options: { typescript: false } }\n",
    );
    writeFileSync(join(project, "package.json"), '{ "main": "index.js" }\n');
    writeFileSync(join(project, "index.js"), program);
    symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
    says("echo one");
    // As `bin/azure-state` has made them.
    const changes = ["state", "previews"].map((container) => ({ account, container }));
    await changeContainers({ port: azurite.port, method: "PUT", changes });
  }, 120_000);
  afterAll(async () => {
    await Promise.all([azurite?.stop(), names?.stop(), lab.stop(), issuer.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  const says = (create: string) => writeFileSync(join(project, "create.sh"), create);

  async function makeIdentity(): Promise<string> {
    const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-platform-ci-dev`;
    const version = "api-version=2023-01-31";
    await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
    const { body } = await lab.call("PUT", `${id}?${version}`, { location: "westeurope" });
    await lab.call("PUT", `${id}/federatedIdentityCredentials/gitlab?${version}`, {
      properties: { issuer: issuer.url, subject, audiences: [tokenExchange] },
    });
    const { clientId, principalId } = (body as { properties: { clientId: string; principalId: string } }).properties;
    await makeKeys(principalId);
    lab.pass(20);
    return clientId;
  }

  /** As bin/azure-state makes them; their officer is somebody else. */
  async function makeKeys(user: string): Promise<void> {
    const version = "api-version=2024-11-01";
    const properties = { tenantId: tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
    await lab.call("PUT", `${vault}?${version}`, { location: "westeurope", properties });
    for (const key of ["pulumi-named", "pulumi-unnamed"]) {
      const made = { kty: "RSA", keySize: 3072, keyOps: ["encrypt", "decrypt"] };
      expect((await lab.call("PUT", `${vault}/keys/${key}?${version}`, { properties: made })).status).toBe(201);
      await giveRole(`${vault}/keys/${key}`, user, roles["Key Vault Crypto User"]);
    }
    await giveRole(vault, client.id, roles["Key Vault Crypto Officer"]);
  }

  async function giveRole(scope: string, principalId: string, role: string): Promise<void> {
    const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`;
    const roleDefinitionId = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
    const properties = { principalId, roleDefinitionId, principalType: "ServicePrincipal" };
    expect((await lab.call("PUT", `${path}?api-version=2022-04-01`, { properties })).status).toBe(201);
  }

  /** What the officer asks of a key, as `az keyvault key` does. */
  async function ofKey(method: string, path: string, body?: object): Promise<unknown> {
    const authorization = `Bearer ${await lab.token(`https://${vaultSuffix}`)}`;
    const answer = await lab.service(method, `https://${path}?api-version=7.6`, body, { authorization });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  }
  const versionIn = (kid: string) => kid.split("/").at(-1) ?? "";
  async function rotate(stack: string): Promise<string> {
    const { key } = (await ofKey("POST", `${keyOf(stack)}/rotate`)) as { key: { kid: string } };
    return versionIn(key.kid);
  }

  function pulumi(args: string[], more: NodeJS.ProcessEnv = {}) {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd: project,
      env: { ...environment, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part: string) => (output += part));
    const ended = new Promise<{ status: number | null; output: string }>((done) =>
      child.once("close", (status) => done({ status, output })),
    );
    return { child, ended };
  }
  async function succeed(args: string[], more?: NodeJS.ProcessEnv): Promise<string> {
    const { status, output } = await pulumi(args, more).ended;
    expect(status, output).toBe(0);
    return output;
  }

  test("makes a stack, and what a program says is in the state", async () => {
    await succeed(["stack", "init", "dev"]);
    await succeed(["up", "--yes", "--skip-preview"]);
    expect(await succeed(["stack", "output", "said"])).toBe("one\n");
    expect(names.asked).toContainEqual({ method: "PUT", path: "/state/.pulumi/stacks/small/dev.json" });
  });

  test("finds the lock that a killed up has left, and goes on after pulumi cancel", async () => {
    const begun = join(project, "begun");
    says(`echo $$ >${begun}; exec sleep 60`);
    const { child, ended } = pulumi(["up", "--yes", "--skip-preview"]);
    await expect
      .poll(() => (existsSync(begun) ? readFileSync(begun, "utf8") : ""), { timeout: 60_000 })
      .toMatch(/\d\n/);
    child.kill("SIGKILL");
    await ended;
    // Where the engine has not ended it, too.
    signalProcess(Number(readFileSync(begun, "utf8")), "SIGTERM");
    says("echo two");
    const refused = await pulumi(["up", "--yes", "--skip-preview"]).ended;
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain("the stack is currently locked by 1 lock(s)");
    await succeed(["cancel", "--yes", "--stack", "dev"]);
    await succeed(["up", "--yes", "--skip-preview"]);
    expect(await succeed(["stack", "output", "said"])).toBe("two\n");
  });

  test("keeps tags of a stack, by which an apply is known that has begun", async () => {
    await succeed(["stack", "tag", "set", "delivery:begun", "one", "--stack", "dev"]);
    const tags = () => succeed(["stack", "tag", "ls", "--json", "--stack", "dev"]);
    expect(JSON.parse(await tags())).toMatchObject({ "delivery:begun": "one" });
    await succeed(["stack", "tag", "rm", "delivery:begun", "--stack", "dev"]);
    expect(JSON.parse(await tags())).not.toHaveProperty("delivery:begun");
  });

  test("keeps a copy in a second backend, where a preview reads and writes nothing", async () => {
    const file = join(directory, "export.json");
    await succeed(["stack", "export", "--file", file]);
    const previews = { PULUMI_BACKEND_URL: backendOf("previews") };
    await succeed(["stack", "init", "dev"], previews);
    await succeed(["stack", "import", "--file", file], previews);
    names.asked.length = 0;
    says("echo three");
    expect(await succeed(["preview", "--stack", "dev"], previews)).toMatch(/replace/);
    expect(names.asked.length).toBeGreaterThan(0);
    expect(
      names.asked.filter(({ method, path }) => !/^(GET|HEAD)$/.test(method) || !path.startsWith("/previews")),
    ).toEqual([]);
    // The other one is as it was.
    const again = join(directory, "again.json");
    await succeed(["stack", "export", "--file", again]);
    expect(JSON.parse(readFileSync(again, "utf8"))).toEqual(JSON.parse(readFileSync(file, "utf8")));
  });

  async function makeStack(stack: string): Promise<void> {
    await succeed(["stack", "init", stack, "--no-select", "--secrets-provider", `azurekeyvault://${keyOf(stack)}`]);
    await succeed(["config", "set", "--secret", "password", "of the database", "--stack", stack]);
    await succeed(["up", "--yes", "--skip-preview", "--stack", stack]);
  }

  test("has its key in a vault, which is rotated as docs/operations.md says", async () => {
    const stack = ["--stack", "named"];
    const file = join(project, "Pulumi.named.yaml");
    const name = (version: string) =>
      succeed(["stack", "change-secrets-provider", ...stack, `azurekeyvault://${keyOf("named")}/${version}`]);
    const isWhole = async () => {
      await succeed(["preview", "--expect-no-changes", ...stack]);
      expect(await succeed(["config", "get", "password", ...stack])).toBe("of the database\n");
      expect(await succeed(["stack", "output", "password", "--show-secrets", ...stack])).toBe("of the database\n");
    };
    await makeStack("named");
    const { value } = (await ofKey("GET", `${keyOf("named")}/versions`)) as { value: { kid: string }[] };
    const [first = ""] = value.map(({ kid }) => versionIn(kid));
    await name(first);
    const before = readFileSync(file, "utf8");
    const second = await rotate("named");
    await isWhole();
    await name(second);
    await isWhole();
    const after = readFileSync(file, "utf8");
    for (const member of ["secretsprovider", "encryptedkey", "secure"]) {
      const values = [before, after].map((text) => new RegExp(`${member}: (.*)`).exec(text)?.[1] ?? "");
      expect(values[0]).not.toBe("");
      expect(values[1]).not.toBe(values[0]);
    }
    // The state needs the version before no more; what the history has of the stack does.
    await ofKey("PATCH", `${keyOf("named")}/${first}`, { attributes: { enabled: false } });
    await isWhole();
    writeFileSync(file, before);
    const { status, output } = await pulumi(["config", "get", "password", ...stack]).ended;
    expect([status, output]).toEqual([1, expect.stringContaining("is not allowed on a disabled key")]);
  });

  test("cannot read its state once a key is rotated whose version the stack does not name", async () => {
    await makeStack("unnamed");
    await rotate("unnamed");
    const { status, output } = await pulumi(["preview", "--stack", "unnamed"]).ended;
    expect([status, output]).toEqual([1, expect.stringContaining("Unable to decrypt specified value with this key")]);
  });

  test("does not log in with a token of another subject", async () => {
    const file = join(directory, "other-token");
    const other = gitlabSubject({ project: "mallory/platform", ref: "main", refProtected: true });
    writeFileSync(file, await issuer.token({ subject: other }), { mode: 0o600 });
    const { status, output } = await pulumi(["stack", "ls"], { AZURE_FEDERATED_TOKEN_FILE: file }).ended;
    expect(status).not.toBe(0);
    expect(output).toContain("AADSTS700213");
  });
});
