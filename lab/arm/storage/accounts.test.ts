/** Storage accounts through Azure's client: what the fabric is told of them, and what is kept from the log. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StorageManagementClient } from "@azure/arm-storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { collect, subscription, TestLab } from "../testing/testLab.ts";

let lab: TestLab;
let storage: StorageManagementClient;

beforeEach(async () => {
  lab = new TestLab();
  await lab.start();
  const credential = {
    getToken: async () => ({ token: await lab.token(), expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  storage = new StorageManagementClient(credential, subscription, {
    endpoint: lab.endpoint,
    apiVersion: "2024-01-01",
    tlsOptions: { ca: lab.certificates.ca },
    credentials: { scopes: [`${lab.endpoint}/.default`] },
    retryOptions: { maxRetries: 0 },
  });
  await lab.clients.resources.resourceGroups.createOrUpdate("rg", { location: "westeurope" });
});
afterEach(() => lab.stop());

const model = { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } } as const;

test("an account is there when the fabric has it, with its keys and containers, and goes with them", async () => {
  lab.automatic = false;
  const creation = storage.storageAccounts.create("rg", "stdev", model);
  const made = creation.then(({ provisioningState }) => provisioningState);
  expect(await Promise.race([made, new Promise((resolve) => setTimeout(resolve, 300, "waits"))])).toBe("waits");
  lab.automatic = true;
  lab.report();
  expect(await made).toBe("Succeeded");
  await storage.blobContainers.create("rg", "stdev", "artifacts", { publicAccess: "None" });
  await storage.blobContainers.create("rg", "stdev", "backups", {});
  const { keys = [] } = await storage.storageAccounts.listKeys("rg", "stdev");
  expect(lab.arm.world().storageAccounts).toEqual([
    {
      id: `/subscriptions/${subscription}/resourcegroups/rg/providers/microsoft.storage/storageaccounts/stdev`,
      name: "stdev",
      guid: expect.any(String) as string,
      keys: keys.map(({ value }) => value),
      containers: ["artifacts", "backups"],
    },
  ]);
  expect(Buffer.from(keys[0]!.value!, "base64")).toHaveLength(64);
  await storage.blobContainers.delete("rg", "stdev", "artifacts");
  expect(lab.arm.world().storageAccounts[0]?.containers).toEqual(["backups"]);
  await storage.storageAccounts.delete("rg", "stdev");
  expect(lab.arm.world().storageAccounts).toEqual([]);
  expect(await collect(storage.storageAccounts.list())).toEqual([]);
});

test("a change is done when it is answered, and its keys are in no log", async () => {
  await storage.storageAccounts.create("rg", "stdev", model);
  const changed = await storage.storageAccounts.update("rg", "stdev", { allowSharedKeyAccess: false });
  expect(changed).toMatchObject({ allowSharedKeyAccess: false, sku: { name: "Standard_LRS", tier: "Standard" } });
  expect(changed.primaryEndpoints?.blob).toBe("https://stdev.blob.core.azure.example/");
  const { keys = [] } = await storage.storageAccounts.regenerateKey("rg", "stdev", { keyName: "key1" });
  const log = readFileSync(join(lab.directory, "arm.log"), "utf8");
  expect(log).toContain("/regenerateKey");
  for (const { value } of keys) expect(log).not.toContain(value);
});

test("a management policy that would act on what is here is refused as not in the lab, and makes nothing", async () => {
  await storage.storageAccounts.create("rg", "stdev", model);
  const age = { daysAfterCreationGreaterThan: 30 };
  for (const actions of [{ baseBlob: { delete: age } }, { snapshot: { delete: age }, version: { delete: age } }]) {
    const definition = { filters: { blobTypes: ["blockBlob"] }, actions };
    const policy = { rules: [{ name: "old", type: "Lifecycle", definition }] };
    const refused = storage.managementPolicies.createOrUpdate("rg", "stdev", "default", { policy });
    await expect(refused).rejects.toMatchObject({ statusCode: 400, code: "NotImplementedByLab" });
  }
  await expect(storage.managementPolicies.get("rg", "stdev", "default")).rejects.toMatchObject({ statusCode: 404 });
});
