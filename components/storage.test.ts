import { expect, test } from "vitest";
import { Storage, type StorageArgs } from "./storage.ts";
import { Recorder, resourceGroupId, valueOf } from "./testing/recorder.ts";
import { common, plan, subnetId } from "./testing/stack.ts";

const args: StorageArgs = {
  ...common,
  accountName: "sttest",
  subnetIds: [subnetId],
  ranges: ["198.51.100.7/32", "198.51.100.8/31", "203.0.113.0/24", "172.16.0.0/12"],
  identities: plan.identities,
  principalIds: Object.fromEntries(plan.identities.map(({ group }) => [group, `principal-of-${group}`])),
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
    ["certificates", "None"],
  ]);
  for (const { dependencies } of containers) expect(dependencies).toContain("storage-history");
});

test("versions are deleted when they are 30 days old, once what is deleted is kept; what is current never is", async () => {
  const { recorder } = await build();
  const { inputs, dependencies } = recorder.one("azure-native:storage:ManagementPolicy");
  expect(inputs).toMatchObject({ managementPolicyName: "default", accountName: "sttest" });
  expect(inputs["policy"]).toEqual({
    rules: [
      {
        name: "oldVersions",
        enabled: true,
        type: "Lifecycle",
        definition: {
          filters: { blobTypes: ["blockBlob", "appendBlob"] },
          actions: { version: { delete: { daysAfterCreationGreaterThan: 30 } } },
        },
      },
    ],
  });
  expect(dependencies).toContain("storage-history");
});

test("an account stays where another name makes another one, with what it holds", async () => {
  const { recorder } = await build();
  const ofAzure = recorder.resources.filter(({ custom, type }) => custom && !type.endsWith(":RoleAssignment"));
  expect(ofAzure).toHaveLength(6);
  for (const { name, retainOnDelete } of ofAzure) expect(retainOnDelete, name).toBe(true);
});

test("the groups that run applications may read artifacts, once the container is there, and nothing else", async () => {
  const { recorder } = await build({ identities: plan.identities.filter(({ group }) => group !== "reverse-proxy") });
  const rights = recorder.resources.filter(({ type }) => type === "azure-native:authorization:RoleAssignment");
  expect(rights.map(({ name }) => name).sort()).toEqual([
    "storage-back-artifacts",
    "storage-front-artifacts",
    "storage-machine-learning-artifacts",
  ]);
  const account = `${resourceGroupId}/providers/Microsoft.Storage/storageAccounts/sttest`;
  const reader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
  for (const { inputs, protect, dependencies } of rights) {
    expect(inputs).toMatchObject({
      scope: `${account}/blobServices/default/containers/artifacts`,
      principalType: "ServicePrincipal",
      roleDefinitionId: `/subscriptions/0000/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
    });
    expect(protect).toBe(false);
    expect(dependencies).toContain("storage-artifacts");
  }
  expect(rights[0]?.inputs["principalId"]).toMatch(/^principal-of-/);
});

test("where the region has no zones, copies are kept in one place", async () => {
  expect((await build({ zones: [] })).account["sku"]).toEqual({ name: "Standard_LRS" });
});

test("wrong arguments are refused before anything is made", async () => {
  const recorder = await Recorder.start();
  expect(() => new Storage("storage", { ...args, accountName: "st-test", subnetIds: [], principalIds: {} }))
    .toThrow(`arguments of Storage storage; nothing was made
  accountName: given st-test, allowed is 3 to 24 lower-case letters and digits
  subnetIds: given none, allowed is at least one, else no machine keeps anything
  principalIds: given none for back, back-balancer, data, front, machine-learning, reverse-proxy, allowed is one for each \
group of machines`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("reverse proxies write what they note of certificates, and no other container", async () => {
  const identities: StorageArgs["identities"] = [
    { group: "reverse-proxy", rights: [{ role: "Storage Blob Data Contributor", container: "certificates" }] },
  ];
  const { recorder } = await build({ identities });
  const { inputs, dependencies } = recorder.one("azure-native:authorization:RoleAssignment");
  expect(inputs).toMatchObject({
    scope: `${resourceGroupId}/providers/Microsoft.Storage/storageAccounts/sttest/blobServices/default/containers/certificates`,
    principalId: "principal-of-reverse-proxy",
    roleDefinitionId:
      "/subscriptions/0000/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  });
  expect(dependencies).toContain("storage-certificates");
});
