/** `bin/inventory` as its users run it: with a login of its own, at the lab's ARM, for a stack that stands there. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { dump } from "js-yaml";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { string } from "../../configuration/certificates/wire.ts";
import { resourceName } from "../../environment/names.ts";
import { machineGroups, planEnvironment } from "../../environment/plan.ts";
import { parseStack } from "../../environment/parse.ts";
import { administrators, copyOf, playbooks, roleSecrets } from "../../environment/testing/stacks.ts";
import { root } from "../paths.ts";
import { fitsPattern } from "./access/patterns.ts";
import { actionOf } from "./authorization.ts";
import { client, subscription, tenant, TestLab } from "./testing/testLab.ts";
import { model } from "./testing/testGroup.ts";

/** Its files stand beside those of real stacks. */
const stack = `t${process.pid}`;
const environment = copyOf("dev", {
  name: "trial",
  network: "10.60.0.0/16",
  domain: "trial.chatbot.example",
  privateDomain: "trial.chatbot.internal",
});
const parsed = parseStack(
  "",
  { environment, administrators },
  { playbooks, secrets: new Map(), stack, siblings: [], roleSecrets },
);
const plan = planEnvironment(stack, parsed.environment, parsed.administrators);
const group = resourceName("resourceGroup", stack);
const file = (ending: string) => join(root, "ansible", "inventory", `${stack}${ending}`);

const lab = new TestLab();
let directory: string;
/** Machines whose console shows no host keys, by a part of their IDs. */
let silent: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "inventory-"));
  lab.effects.serialLog = (id) => {
    const key = Buffer.concat([string("ssh-ed25519"), string(createHash("sha256").update(id).digest())]);
    const shown = silent.some((part) => id.includes(part)) ? "" : `ssh-ed25519 ${key.toString("base64")}`;
    return Promise.resolve(`-----BEGIN SSH HOST KEY KEYS-----\n${shown}\n-----END SSH HOST KEY KEYS-----\n`);
  };
  await lab.start();
  const { resources, network, compute } = lab.clients;
  const location = "westeurope";
  await resources.resourceGroups.createOrUpdate(group, { location });
  const { subnets: [subnet] = [] } = await network.virtualNetworks.createOrUpdate(group, "vnet", {
    location,
    addressSpace: { addressPrefixes: ["10.60.0.0/16"] },
    subnets: [{ name: "snet", addressPrefix: "10.60.1.0/24" }],
  });
  await network.publicIPAddresses.createOrUpdate(group, resourceName("publicAddress", stack), {
    location,
    sku: { name: "Standard" },
    publicIPAllocationMethod: "Static",
  });
  for (const { name } of plan.identities) {
    const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
    await lab.call("PUT", `${id}?api-version=2023-01-31`, { location });
  }
  for (const { name } of machineGroups(plan)) {
    const { virtualMachineProfile: profile, ...rest } = model(2);
    delete profile!.extensionProfile;
    profile!.diagnosticsProfile = { bootDiagnostics: { enabled: true } };
    profile!.osProfile!.computerNamePrefix = name;
    profile!.networkProfile!.networkInterfaceConfigurations = [
      { name: "nic", ipConfigurations: [{ name: "ip", subnet: { id: subnet!.id! } }] },
    ];
    delete rest.automaticRepairsPolicy;
    const name_ = resourceName("scaleSet", stack, name);
    await compute.virtualMachineScaleSets.createOrUpdate(group, name_, { ...rest, virtualMachineProfile: profile! });
  }
  lab.pass(5);
  writeFileSync(join(directory, "ca.pem"), lab.certificates.ca);
  const config = {
    "platform:environment": environment,
    "platform:administrators": administrators,
    "platform:databaseLogin": { secure: "v1:abc:def" },
    "azure-native:metadataHost": `127.0.0.1:${lab.arm.port}`,
  };
  writeFileSync(join(directory, "stack.yaml"), dump({ config }));
}, 60_000);
afterAll(async () => {
  await lab.stop();
  for (const ending of [".yml", ".known_hosts", ".ssh_config"]) rmSync(file(ending), { force: true });
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  silent = [];
});

const login = { ARM_TENANT_ID: tenant, ARM_CLIENT_ID: client.id, ARM_CLIENT_SECRET: client.secret };

async function run(args: string[], variables: Record<string, string> = login) {
  const environmentOf = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: join(directory, "ca.pem"),
    ARM_SUBSCRIPTION_ID: subscription,
  };
  try {
    const options = { env: { ...environmentOf, ...variables } };
    return { status: 0, ...(await promisify(execFile)(join(root, "bin", "inventory"), args, options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

const inventory = (...args: string[]) => run(["--config-file", join(directory, "stack.yaml"), ...args, stack]);

test("the machines that stand are written, with addresses, host keys and the identities' client IDs", async () => {
  const { status, stdout, stderr } = await inventory();
  expect([status, stderr]).toEqual([0, ""]);
  const machines = lab.arm.world().machines;
  expect(stdout).toContain(`inventory/${stack}.yml: ${machines.length} machines\n`);
  const text = readFileSync(file(".yml"), "utf8");
  for (const { address } of machines) expect(text).toContain(`ansible_host: ${address}\n`);
  expect(text).toMatch(/platform_identity: [0-9a-f-]{36}\n/);
  expect(text).toContain(`uri: https://${plan.vault.name}.vault.azure.example/\n`);
  expect(readFileSync(file(".known_hosts"), "utf8").match(/ssh-ed25519/g)).toHaveLength(machines.length);
  const { ipAddress } = await lab.clients.network.publicIPAddresses.get(group, resourceName("publicAddress", stack));
  expect(readFileSync(file(".ssh_config"), "utf8")).toContain(`ProxyJump ${ipAddress}\n`);
});

test("all that is asked belongs to the role Platform Inventory Reader, which bin/azure-state defines", async () => {
  const script = readFileSync(join(root, "bin", "azure-resources"), "utf8").replaceAll("\\\n", "");
  const role = /"Platform Inventory Reader"\]="([^"]+)"/.exec(script)?.[1]?.split(" ") ?? [];
  const log = join(lab.directory, "arm.log");
  const before = readFileSync(log, "utf8").length;
  rmSync(file(".known_hosts"), { force: true });
  expect((await inventory()).status).toBe(0);
  const requests = readFileSync(log, "utf8")
    .slice(before)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { method: string; url: string })
    .filter(({ url }) => url.startsWith("/subscriptions/"));
  // It is given on the environment's group alone.
  for (const { url } of requests) expect(url).toContain(`/resourceGroups/${group}/`);
  const asked = requests.map(({ method, url }) =>
    actionOf({ method, segments: url.split("?")[0]!.split("/").filter(Boolean) }),
  );
  expect(asked).toContain("Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action");
  expect(asked.filter((action) => !role.some((pattern) => fitsPattern(pattern, action)))).toEqual([]);
});

test("with --json the machines are printed for scripts, as they are in the inventory", async () => {
  const { status, stdout } = await inventory("--json");
  expect(status).toBe(0);
  const told = JSON.parse(stdout) as { machines: Record<string, unknown>[] };
  expect(told).toMatchObject({ stack, environment: "trial", missing: [] });
  const world = lab.arm.world().machines;
  expect(told.machines.map(({ address }) => address).sort()).toEqual(world.map(({ address }) => address).sort());
  const text = readFileSync(file(".yml"), "utf8");
  for (const { name } of told.machines) expect(text).toContain(`${String(name)}:\n`);
  const [front] = told.machines.filter(({ tier }) => tier === "front");
  expect(front).toEqual({
    name: expect.stringMatching(new RegExp(`\\.${stack}$`)) as string,
    address: expect.stringMatching(/^10\.60\.1\.\d+$/) as string,
    kind: "front",
    tier: "front",
    applications: ["front"],
    id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
  });
  expect(told.machines.map(({ name }) => name)).toEqual(told.machines.map(({ name }) => name).sort());
});

test("a machine that is being made is left out and told, and with --wait that is a failure", async () => {
  rmSync(file(".known_hosts"), { force: true });
  const [first] = lab.arm.world().machines;
  silent = [first!.id];
  const { status, stderr } = await inventory("--wait", "--timeout", "1");
  expect(status).toBe(1);
  expect(stderr).toContain("waiting for host keys of");
  expect(stderr).toContain("left out, since it has no host keys yet: ");
  expect(readFileSync(file(".yml"), "utf8")).not.toContain(`ansible_host: ${first!.address}\n`);
});

test("wrong use, a login that is refused and a stack that is not there have their own words", async () => {
  expect(await run([])).toMatchObject({ status: 2, stderr: expect.stringContaining("allowed is one") as string });
  expect(await run(["--frobnicate", stack])).toMatchObject({ status: 2 });
  expect(await run(["--wait", "--timeout", "", stack])).toMatchObject({ status: 2 });
  expect(await run(["--timeout", "9", stack])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("--timeout: given without --wait") as string,
  });
  expect((await run(["--help"])).stdout).toMatch(/^Usage: bin\/inventory/);
  const wrong = await run(["--config-file", join(directory, "stack.yaml"), stack], {
    ...login,
    ARM_CLIENT_SECRET: "no",
  });
  expect(wrong).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/secret of ARM_CLIENT_SECRET: .*AADSTS7000215/) as string,
  });
  const other = await run(["--config-file", join(directory, "stack.yaml"), "other"]);
  expect(other.stderr).toContain("stack other: there is no resource group rg-platform-other in subscription");
  expect(other.status).toBe(1);
});
