/**
 * The engine itself previews and updates dev with the policy pack, against the lab's ARM without machines. Skipped where
 * there is no engine. Not proved: the official language host, which cannot be had here.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { execa } from "execa";
import { dump, load } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fold } from "../../delivery/preview/fold.ts";
import { preview } from "../../delivery/pulumi.ts";
import { Mask } from "../../delivery/state/mask.ts";
import { plannedOf } from "../../delivery/template/preview.ts";
import { templateOf } from "../../delivery/template/template.ts";
import { administrators } from "../../environment/testing/stacks.ts";
import { client, subscription, tenant, TestLab } from "../arm/testing/testLab.ts";
import { arrangePlugins } from "./plugins.ts";

const root = resolve(import.meta.dirname, "../..");
const hasEngine = spawnSync("pulumi", ["version"]).status === 0;
const password = "sesame-of-the-test";

const lab = new TestLab();
const project = join(lab.directory, "project");
const stackFile = join(project, "Pulumi.dev.yaml");

interface StackFile {
  config: Record<string, unknown> & { "platform:environment": Record<string, unknown> };
}
const read = (path: string) => load(readFileSync(path, "utf8")) as StackFile;

const environment = {
  NODE_EXTRA_CA_CERTS: join(lab.directory, "ca.pem"),
  PLATFORM_POLICY_DATE: "2026-12-01",
  PULUMI_HOME: join(lab.directory, "home"),
  PULUMI_BACKEND_URL: `file://${join(lab.directory, "state")}`,
  PULUMI_CONFIG_PASSPHRASE: "preview",
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
};
const pulumi = (...words: string[]) =>
  execa("pulumi", ["-C", project, "--non-interactive", ...words, "--stack", "dev"], {
    reject: false,
    env: environment,
  });

beforeAll(async () => {
  await lab.start();
  if (!hasEngine) return;
  mkdirSync(project);
  mkdirSync(join(lab.directory, "state"));
  writeFileSync(join(lab.directory, "ca.pem"), lab.certificates.ca);
  const own = load(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as object;
  writeFileSync(join(project, "Pulumi.yaml"), dump({ ...own, main: relative(project, root) }));
  const config = {
    ...read(join(root, "Pulumi.dev.yaml")).config,
    "azure-native:metadataHost": `127.0.0.1:${lab.arm.port}`,
    "azure-native:subscriptionId": subscription,
    "azure-native:tenantId": tenant,
    "azure-native:clientId": client.id,
    "azure-native:clientSecret": client.secret,
    "platform:administrators": administrators,
    "platform:preflight": { enabled: false },
  };
  writeFileSync(stackFile, dump({ config }));
  arrangePlugins({ pulumiHome: join(lab.directory, "home") });
  await pulumi("stack", "init");
  const login = JSON.stringify({ user: "platform_a", password });
  const set = await pulumi("config", "set", "--secret", "platform:databaseLogin", login);
  expect(set.stderr).toBe("");
}, 60_000);
afterAll(() => lab.stop());

const withPack = ["--policy-pack", join(root, "policy")];

test.skipIf(!hasEngine)(
  "the engine asks the pack of every resource of dev, and it complains of none",
  async () => {
    const { stdout, stderr, exitCode } = await pulumi("preview", ...withPack, "--json");
    expect(exitCode, stderr).toBe(0);
    const { diagnostics, steps } = JSON.parse(stdout) as { diagnostics?: object[]; steps: { urn: string }[] };
    expect(diagnostics ?? []).toEqual([]);

    const template = templateOf(plannedOf(stdout));
    const ofAzure = steps.filter(({ urn }) => urn.split("::")[2]?.split("$").at(-1)?.startsWith("azure-native:"));
    expect(ofAzure.length).toBeGreaterThan(45);
    // But for the resource group.
    expect(template.resources).toHaveLength(ofAzure.length - 1);
    expect(template.parameters).toEqual({
      notYetKnown: { type: "string", defaultValue: "not yet known" },
      "vault-databaseLogin": { type: "securestring" },
    });
    expect(JSON.stringify(template)).not.toContain(password);
    expect(template.resources).toContainEqual(
      expect.objectContaining({
        type: "Microsoft.Network/virtualNetworks/subnets",
        name: "vnet-platform-dev/snet-platform-dev-front",
        properties: expect.objectContaining({
          networkSecurityGroup: {
            id: "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg-platform-dev-front')]",
          },
        }) as object,
      }),
    );
  },
  180_000,
);

test.skipIf(!hasEngine)(
  "a stack file that breaks a rule ends the preview, with the policy's name, the resources and nothing else",
  async () => {
    const file = read(stackFile);
    file.config["platform:environment"]["imageVersion"] = "latest";
    writeFileSync(stackFile, dump(file));
    const place = { directory: project, environment: { ...process.env, ...environment } };
    const mask = new Mask([]);
    const { status, events } = await preview(place, ["--stack", "dev", ...withPack], mask, () => {});
    const { packs, policy } = fold(events, mask);
    expect(status).not.toBe(0);
    expect(packs).toEqual(["platform"]);
    const named = policy.filter(({ level }) => level === "mandatory").map((violation) => violation.policy);
    // Of dev's four tiers, the reverse proxy and the HAProxy machines of one tier.
    expect(named).toEqual(Array<string>(6).fill("scale-set-image"));
  },
  180_000,
);

test.skipIf(!hasEngine)(
  "an update of that stack file ends before it makes a resource that breaks the rule",
  async () => {
    const { stdout, exitCode } = await pulumi("up", "--yes", "--skip-preview", ...withPack);
    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(/\[mandatory\] +scale-set-image/);
    const made = JSON.stringify(lab.arm.resources());
    expect(made).toContain("/virtualNetworks/vnet-platform-dev");
    expect(made).not.toContain("/virtualMachineScaleSets/");
  },
  180_000,
);
