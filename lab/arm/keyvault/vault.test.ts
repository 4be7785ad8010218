/** What no conformance case shows of vaults: rights on one secret, what is logged, and what a restart keeps. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { managementHost, vaultSuffix } from "../../serviceNames.ts";
import { startArm } from "../index.ts";
import { client, subscription, tenant, TestLab } from "../testing/testLab.ts";

const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/kv-test`;
const uri = `https://kv-test.${vaultSuffix}`;
const roles = { user: "4633458b-17de-408a-b874-0445c86b69e6", officer: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7" };

let lab: TestLab;
let token: string;
let assignments = 0;

beforeEach(async () => {
  lab = new TestLab();
  await lab.start();
  token = await lab.token(`https://${vaultSuffix}`);
  await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
  const properties = { tenantId: tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  const { status } = await arm("PUT", vault, { location: "westeurope", properties });
  expect(status).toBe(201);
});
afterEach(() => lab.stop());

const arm = (method: string, id: string, body?: unknown) => lab.call(method, `${id}?api-version=2024-11-01`, body);

const ask = (method: string, path: string, body?: unknown) =>
  lab.service(method, `${uri}/${path}?api-version=7.4`, body, { authorization: `Bearer ${token}` });

/** Gives the deployer a role, and waits until it counts. */
async function assign(role: string, scope: string): Promise<void> {
  const name = `00000000-0000-4000-8000-${String(++assignments).padStart(12, "0")}`;
  const roleDefinitionId = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
  const properties = { principalId: client.id, roleDefinitionId };
  const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`;
  expect((await lab.call("PUT", path, { properties })).status).toBe(201);
  lab.pass(20);
}

const write = (name: string, value: string) => arm("PUT", `${vault}/secrets/${name}`, { properties: { value } });

describe("a user of one secret", () => {
  beforeEach(async () => {
    await write("own", "a");
    await write("other", "b");
    await assign(roles.user, `${vault}/secrets/own`);
  });

  test("reads that one, in any of its versions", async () => {
    expect(await ask("GET", "secrets/own")).toMatchObject({ status: 200, body: { value: "a" } });
    const { body } = await ask("GET", "secrets/own/versions");
    const { pathname } = new URL((body as { value: { id: string }[] }).value[0]!.id);
    expect(await ask("GET", pathname.slice(1))).toMatchObject({ status: 200, body: { value: "a" } });
  });

  test.each([
    ["reads no other", "GET", "secrets/other"],
    ["lists none", "GET", "secrets"],
    ["lists no deleted ones", "GET", "deletedsecrets"],
    ["writes none", "PUT", "secrets/own"],
    ["deletes none", "DELETE", "secrets/own"],
  ])("%s", async (_, method, path) => {
    const answer = await ask(method, path, method === "PUT" ? { value: "c" } : undefined);
    expect(answer).toMatchObject({ status: 403, body: { error: { innererror: { code: "ForbiddenByRbac" } } } });
  });
});

test("no value is written to the log, whatever becomes of the request; the database is root's alone", async () => {
  await assign(roles.officer, vault);
  await write("a", "hunter2");
  await arm("PUT", `${vault}/secrets/a`, { properties: { value: { password: "hunter2" } } });
  await arm("PUT", `${vault}/secrets/a`, { properties: { hunter2: "hunter2" } });
  await ask("GET", "secrets/a");
  await ask("PUT", "secrets/b", { value: "hunter2" });
  await ask("PUT", "secrets/b", { value: ["hunter2"] });
  await ask("PUT", "secrets/b", "hunter2");
  const log = readFileSync(join(lab.directory, "arm.log"), "utf8");
  expect(log).toContain("/secrets/b");
  expect(log).not.toContain("hunter2");
  expect(statSync(join(lab.directory, "arm.db")).mode & 0o777).toBe(0o600);
});

test("secrets are there after a restart, deleted vaults with theirs too", async () => {
  await assign(roles.officer, vault);
  await write("a", "first");
  await ask("DELETE", "secrets/a");
  await write("b", "second");
  expect((await arm("DELETE", vault)).status).toBe(200);
  await lab.arm.close();
  lab.arm = await startArm(lab.options);
  const properties = { tenantId: tenant, sku: { family: "A", name: "standard" }, createMode: "recover" };
  expect((await arm("PUT", vault, { location: "westeurope", properties })).status).toBe(201);
  await assign(roles.officer, vault);
  expect(await ask("GET", "secrets/b")).toMatchObject({ body: { value: "second" } });
  expect((await ask("POST", "deletedsecrets/a/recover")).status).toBe(200);
  expect(await ask("GET", "secrets/a")).toMatchObject({ body: { value: "first" } });
});

test("a vault that goes with its resource group lies in soft delete, with its secrets", async () => {
  await write("a", "first");
  await lab.call("DELETE", `${group}?api-version=2024-03-01`);
  await vi.waitFor(async () => {
    lab.pass(1);
    expect((await lab.call("GET", `${group}?api-version=2024-03-01`)).status).toBe(404);
  });
  await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
  const properties = { tenantId: tenant, sku: { family: "A", name: "standard" }, createMode: "recover" };
  expect((await arm("PUT", vault, { location: "westeurope", properties })).status).toBe(201);
  expect((await arm("GET", `${vault}/secrets/a`)).status).toBe(200);
});

describe("Resource Manager", () => {
  test("deletes no secret, and writes none whose name is in soft delete", async () => {
    await assign(roles.officer, vault);
    await write("a", "first");
    expect((await arm("DELETE", `${vault}/secrets/a`)).status).toBe(405);
    await ask("DELETE", "secrets/a");
    expect((await arm("GET", `${vault}/secrets/a`)).status).toBe(404);
    expect(await write("a", "second")).toMatchObject({
      status: 409,
      body: { error: { innererror: { code: "ObjectIsDeletedButRecoverable" } } },
    });
  });

  test("is asked at its own name like at its port, and other names are nobody's", async () => {
    const address = `https://${managementHost}`;
    const authorization = `Bearer ${await lab.token(address)}`;
    const path = `${vault}?api-version=2024-11-01`;
    expect((await lab.service("GET", address + path, undefined, { authorization })).status).toBe(200);
    expect((await lab.service("GET", `https://other.example${path}`, undefined, { authorization })).status).toBe(404);
    expect((await lab.service("GET", `https://nobody.${vaultSuffix}/secrets`)).status).toBe(404);
  });
});
