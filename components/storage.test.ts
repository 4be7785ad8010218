import { expect, test } from "vitest";
import { Storage, type StorageArgs } from "./storage.ts";
import { Recorder, valueOf } from "./testing/recorder.ts";
import { common, subnetId } from "./testing/stack.ts";

const args: StorageArgs = {
  ...common,
  accountName: "sttest",
  subnetIds: [subnetId],
  ranges: ["198.51.100.7/32", "198.51.100.8/31", "203.0.113.0/24", "172.16.0.0/12"],
};

async function build(change: Partial<StorageArgs> = {}) {
  const recorder = await Recorder.start();
  const storage = new Storage("storage", { ...args, ...change });
  const accountName = await valueOf(storage.accountName);
  await recorder.settle();
  return { recorder, accountName, account: recorder.one("azure-native:storage:StorageAccount").inputs };
}

test("an account has no shared keys and no public blobs, and answers subnets and administrators only", async () => {
  const { account, accountName } = await build();
  expect(accountName).toBe("sttest");
  expect(account).toMatchObject({
    accountName: "sttest",
    kind: "StorageV2",
    sku: { name: "Standard_ZRS" },
    minimumTlsVersion: "TLS1_2",
    enableHttpsTrafficOnly: true,
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    networkRuleSet: {
      defaultAction: "Deny",
      bypass: "AzureServices",
      virtualNetworkRules: [{ virtualNetworkResourceId: subnetId, action: "Allow" }],
      // Azure takes no blocks of one or two addresses.
      ipRules: ["198.51.100.7", "198.51.100.8", "198.51.100.9", "203.0.113.0/24"].map((iPAddressOrRange) => ({
        iPAddressOrRange,
        action: "Allow",
      })),
    },
  });
});

test("what is overwritten or deleted can be had back for 30 days, from the first blob on", async () => {
  const { recorder } = await build();
  const days = { enabled: true, days: 30 };
  expect(recorder.one("azure-native:storage:BlobServiceProperties").inputs).toMatchObject({
    blobServicesName: "default",
    accountName: "sttest",
    isVersioningEnabled: true,
    deleteRetentionPolicy: days,
    containerDeleteRetentionPolicy: days,
  });
  const containers = recorder.resources.filter(({ type }) => type === "azure-native:storage:BlobContainer");
  expect(containers.map(({ inputs }) => [inputs["containerName"], inputs["publicAccess"]])).toEqual([
    ["artifacts", "None"],
    ["backups", "None"],
  ]);
  for (const { dependencies } of containers) expect(dependencies).toContain("storage-history");
});

test("an account stays where another name makes another one, with what it holds", async () => {
  const { recorder } = await build();
  const ofAzure = recorder.resources.filter(({ custom }) => custom);
  expect(ofAzure).toHaveLength(4);
  for (const { name, retainOnDelete } of ofAzure) expect(retainOnDelete, name).toBe(true);
});

test("where the region has no zones, copies are kept in one place", async () => {
  expect((await build({ zones: [] })).account["sku"]).toEqual({ name: "Standard_LRS" });
});

test("wrong arguments are refused before anything is made", async () => {
  const recorder = await Recorder.start();
  expect(() => new Storage("storage", { ...args, accountName: "st-test", subnetIds: [] }))
    .toThrow(`arguments of Storage storage; nothing was made
  accountName: given st-test, allowed is 3 to 24 lower-case letters and digits
  subnetIds: given none, allowed is at least one, else no machine keeps anything`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
