/** `bin/ssh-certificate` as its users run it, at the lab's ARM and one of its vaults. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { dump } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { definitionGuid, signerRole } from "../../configuration/certificates/signers.ts";
import { resourceName, vaultName } from "../../environment/names.ts";
import { administrators, copyOf } from "../../environment/testing/stacks.ts";
import { root } from "../paths.ts";
import { vaultSuffix } from "../serviceNames.ts";
import { serviceHeaders } from "../world.ts";
import { client, subscription, tenant, TestLab } from "./testing/testLab.ts";

const stack = `t${process.pid}`;
const domain = "trial.chatbot.example";
const environment = copyOf("tools", {
  name: "trial",
  network: "10.60.0.0/16",
  domain,
  privateDomain: "trial.chatbot.internal",
});
const vault = vaultName.default(stack, domain);
const group = `/subscriptions/${subscription}/resourceGroups/${resourceName("resourceGroup", stack)}`;

/** Vaults have their names in the lab's Internet only: takes requests for them to the lab's socket. */
const preload = (socket: string): string => `
  import { request } from "node:http";
  const fetchElsewhere = globalThis.fetch;
  globalThis.fetch = (address, init = {}) => {
    const { hostname, pathname, search } = new URL(address);
    if (!hostname.endsWith(".${vaultSuffix}")) return fetchElsewhere(address, init);
    return new Promise((resolve, reject) => {
      const headers = { ...init.headers, host: hostname, "${serviceHeaders.client}": "203.0.113.7" };
      request({ socketPath: "${socket}", method: init.method, path: pathname + search, headers }, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => resolve(new Response(Buffer.concat(parts), { status: answer.statusCode })));
      }).on("error", reject).end(init.body);
    });
  };`;

const lab = new TestLab();
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "ssh-certificate-"));
  await lab.start();
  writeFileSync(join(directory, "ca.pem"), lab.certificates.ca);
  writeFileSync(join(directory, "preload.mjs"), preload(lab.options.servicesSocket!));
  await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
  const properties = { tenantId: tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  const path = `${group}/providers/Microsoft.KeyVault/vaults/${vault}?api-version=2024-11-01`;
  expect((await lab.call("PUT", path, { location: "westeurope", properties })).status).toBe(201);
});
afterAll(async () => {
  await lab.stop();
  rmSync(directory, { recursive: true });
});

async function run(args: string[], authorities?: object, variables: Record<string, string> = {}) {
  const config = {
    "platform:environment": environment,
    "platform:administrators": { ...administrators, ...(authorities === undefined ? {} : { authorities }) },
    "azure-native:metadataHost": `127.0.0.1:${lab.arm.port}`,
  };
  const file = join(directory, "stack.yaml");
  writeFileSync(file, dump({ config }));
  const env = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: join(directory, "ca.pem"),
    NODE_OPTIONS: `--import ${join(directory, "preload.mjs")}`,
    ARM_SUBSCRIPTION_ID: subscription,
    ARM_TENANT_ID: tenant,
    ARM_CLIENT_ID: client.id,
    ARM_CLIENT_SECRET: client.secret,
    ...variables,
  };
  try {
    const command = join(root, "bin", "ssh-certificate");
    const running = promisify(execFile)(command, ["--config-file", file, ...args], { env });
    // Minutes of Azure pass when it waits for them.
    running.child.stderr?.on("data", (told: string) => {
      if (told.includes("waiting")) lab.pass(20);
    });
    const { stdout, stderr } = await running;
    return { status: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

interface Assignment {
  id: string;
  properties: { principalId: string; roleDefinitionId: string };
}

const assignmentsOf = (scope: string) => `${scope}/providers/Microsoft.Authorization/roleAssignments`;

const shown = (out: string) =>
  spawnSync("ssh-keygen", ["-L", "-f", join(out, "id_ed25519-cert.pub")], { encoding: "utf8" }).stdout;

test("each authority's key is made and has signers of its own, and its certificates are OpenSSH's", async () => {
  expect(await run(["authority", "--for", "deploy", stack])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/403 Forbidden[^]*It takes the role Platform Certificate Signer/) as string,
  });
  const made = await run(["authority", "--for", "deploy", "--signer", "me", stack]);
  expect(made).toMatchObject({ status: 0, stdout: expect.stringMatching(/^ecdsa-sha2-nistp256 \S+\n$/) as string });
  const deploy = [made.stdout.trim()];
  expect((await run(["authority", "--for", "deploy", stack])).stdout).toBe(made.stdout);

  const out = join(directory, "out");
  expect(await run(["--out", out, stack])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("platform:administrators.authorities.deploy: given (nothing)") as string,
  });
  const issued = await run(["--minutes", "5", "--out", out, stack], { deploy });
  expect(issued).toMatchObject({ status: 0, stdout: expect.stringContaining(`ssh -F ${out}/ssh_config`) as string });
  expect(issued.stderr).toMatch(
    new RegExp(`no \\S*inventory/${stack}\\.ssh_config names the machines yet: bin/inventory ${stack}\n`),
  );
  expect(shown(out)).toMatch(/Principals: \n\s+deploy\n/);

  // Who may sign for deployments may not sign for administrators.
  await run(["authority", "--for", "administrator", stack]);
  const refused = await run(["--for", "administrator", "--out", out, stack], { deploy });
  expect(refused).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/keys\/ssh-authority-administrator: 403 Forbidden/) as string,
  });
}, 120_000);

test("a signer that the directory does not know yet is waited for, and one who has the role is left as he is", async () => {
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-deploy?api-version=2023-01-31`;
  const { body } = await lab.call("PUT", identity, { location: "westeurope" });
  const { principalId } = (body as { properties: { principalId: string } }).properties;
  const args = ["authority", "--for", "deploy", "--signer", "me", "--signer", principalId, stack];
  const known = await run(args);
  expect(known).toMatchObject({
    status: 0,
    stderr: expect.stringContaining(`waiting until Azure's directory knows ${principalId}`) as string,
  });
  const key = `${group}/providers/Microsoft.KeyVault/vaults/${vault}/keys/ssh-authority-deploy`;
  const { value } = (await lab.call("GET", `${assignmentsOf(key)}?api-version=2022-04-01`)).body as {
    value: Assignment[];
  };
  const [mine] = value.filter(({ properties }) => properties.principalId === principalId);
  const role = (await lab.call("GET", `${mine!.properties.roleDefinitionId}?api-version=2022-04-01`)).body as object;
  expect(role).toMatchObject({
    name: definitionGuid(subscription, signerRole.name),
    properties: {
      roleName: `${signerRole.name} of ${subscription}`,
      permissions: [{ actions: [], dataActions: signerRole.dataActions }],
    },
  });
  // Who gives the right to others alone waits for none, and is told why the key is not printed.
  const given = await run(["authority", "--for", "administrator", "--signer", principalId, stack]);
  expect(given).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/ may sign by ssh-authority-administrator\n[^]*403 Forbidden/) as string,
  });
  expect(given.stderr).not.toContain("waiting until the right");
  // As bin/azure-state gives it, under a name of its own.
  await lab.call("DELETE", `${mine!.id}?api-version=2022-04-01`);
  const other = `${assignmentsOf(key)}/00000000-0000-4000-8000-000000000001?api-version=2022-04-01`;
  const { roleDefinitionId } = mine!.properties;
  expect((await lab.call("PUT", other, { properties: { principalId, roleDefinitionId } })).status).toBe(201);
  expect(await run(args)).toMatchObject({ status: 0 });
}, 120_000);

test.each([
  [["--out", "x"], "given 0 stacks, allowed is one"],
  [["--signer", "me", "--out", "x", stack], "--signer: given without authority, allowed with it"],
  [["authority", "--for", "deploy", "--out", "x", stack], "--out: given with authority, allowed without it"],
  [["authority", stack], "--for: given nothing, allowed are deploy, administrator"],
  [
    ["authority", "--for", "deploy", "--signer", "somebody", stack],
    "--signer: given somebody, allowed is an object ID",
  ],
  [["--minutes", "1e1", "--out", "x", stack], "--minutes: given 1e1, allowed is a whole number from 1 to 60"],
  [["--agent", "--out", "x", stack], "--agent: given no SSH_AUTH_SOCK, allowed with an agent that runs"],
  [["--minutes", "61", "--out", "x", stack], "--minutes: given 61, allowed is a whole number from 1 to 60"],
  [["--for", "root", "--out", "x", stack], "--for: given root, allowed are deploy, administrator"],
  [[stack], "--out: given nothing"],
])("wrong use %j is told", async (args, words) => {
  expect(await run(args, undefined, { SSH_AUTH_SOCK: "" })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(words) as string,
  });
});
