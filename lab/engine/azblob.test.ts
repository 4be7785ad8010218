/**
 * The real engine with its state in `azblob://`, as a pipeline has it: it logs in by an ID token in a file, at the lab's
 * token endpoint, and keeps the state in Azurite. Addresses and variables are those of docs/azure.md. Not shown: roles on
 * the containers, which Azurite does not know (lab/arm/storage/blobCheck.test.ts).
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestIssuer } from "../arm/testing/issuer.ts";
import { subscription, tenant, TestLab } from "../arm/testing/testLab.ts";
import { changeContainers } from "../fabric/azuriteClient.ts";
import { startAzurite, type AzuriteProcess } from "../fabric/testing/azuriteProcess.ts";
import { gitlabSubject, tokenExchange } from "../gitlabToken.ts";
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

/** One command, whose file says what it does: how long it takes, for example. */
const program = `
const { local } = require("@pulumi/command");
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
    names = await startAzureNames({ arm: lab.arm.port, azurite: azurite.port });
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
    const group = `/subscriptions/${subscription}/resourceGroups/rg`;
    const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-platform-ci-dev`;
    const version = "api-version=2023-01-31";
    await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
    const { body } = await lab.call("PUT", `${id}?${version}`, { location: "westeurope" });
    await lab.call("PUT", `${id}/federatedIdentityCredentials/gitlab?${version}`, {
      properties: { issuer: issuer.url, subject, audiences: [tokenExchange] },
    });
    lab.pass(20);
    return (body as { properties: { clientId: string } }).properties.clientId;
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

  test("does not log in with a token of another subject", async () => {
    const file = join(directory, "other-token");
    const other = gitlabSubject({ project: "mallory/platform", ref: "main", refProtected: true });
    writeFileSync(file, await issuer.token({ subject: other }), { mode: 0o600 });
    const { status, output } = await pulumi(["stack", "ls"], { AZURE_FEDERATED_TOKEN_FILE: file }).ended;
    expect(status).not.toBe(0);
    expect(output).toContain("AADSTS700213");
  });
});
