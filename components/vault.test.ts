import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { guidOf } from "../environment/guid.ts";
import { Recorder, resourceGroupId, valueOf } from "./testing/recorder.ts";
import { common, plan, subnetId } from "./testing/stack.ts";
import { Vault, type VaultArgs } from "./vault.ts";

const vaultId = `${resourceGroupId}/providers/Microsoft.KeyVault/vaults/kv-test`;
const args: VaultArgs = {
  ...common,
  vaultName: "kv-test",
  vaultSuffix: "vault.azure.net",
  recover: false,
  tenantId: "tenant",
  subnetIds: [subnetId, "/subnets/other"],
  ranges: ["198.51.100.7/32", "203.0.113.0/24", "10.1.0.0/16", "192.168.1.0/24"],
  secrets: { databaseLogin: pulumi.output("correct horse") },
  identities: plan.identities,
  principalIds: Object.fromEntries(plan.identities.map(({ group }) => [group, `principal-of-${group}`])),
  complete: () => Promise.resolve(),
};

async function build(change: Partial<VaultArgs> = {}) {
  const recorder = await Recorder.start();
  const vault = new Vault("vault", { ...args, ...change });
  const uri = await valueOf(vault.uri);
  await recorder.settle();
  return { recorder, uri };
}

const propertiesOf = (recorder: Recorder) =>
  recorder.one("azure-native:keyvault:Vault").inputs["properties"] as Record<string, unknown>;

test("a vault goes by Azure's roles, keeps what is deleted, and answers subnets and administrators only", async () => {
  const { recorder, uri } = await build();
  expect(recorder.one("azure-native:keyvault:Vault").inputs["vaultName"]).toBe("kv-test");
  expect(propertiesOf(recorder)).not.toHaveProperty("createMode");
  expect(propertiesOf(recorder)).toMatchObject({
    tenantId: "tenant",
    sku: { family: "A", name: "standard" },
    enableRbacAuthorization: true,
    enableSoftDelete: true,
    softDeleteRetentionInDays: 90,
    enablePurgeProtection: true,
    publicNetworkAccess: "Enabled",
    networkAcls: {
      defaultAction: "Deny",
      bypass: "AzureServices",
      virtualNetworkRules: [{ id: subnetId }, { id: "/subnets/other" }],
      // Nobody comes from the Internet with a private address, and Azure takes none.
      ipRules: [{ value: "198.51.100.7/32" }, { value: "203.0.113.0/24" }],
    },
  });
  expect(uri).toBe("https://kv-test.vault.azure.net/");
});

test("a vault stays where another name makes another one, with what people set in it", async () => {
  const { recorder } = await build();
  expect(recorder.one("azure-native:keyvault:Vault").retainOnDelete).toBe(true);
});

test("in a preview the rights that stand stay as they are, also where a secret is to come, and nothing is asked", async () => {
  const rights = async (toCome: string[]) => {
    const recorder = await Recorder.start({ preview: true, toCome });
    const vault = new Vault("vault", { ...args, complete: () => Promise.reject(new Error("was asked")) });
    expect(await valueOf(vault.uri)).toBe("https://kv-test.vault.azure.net/");
    await recorder.settle();
    const { inputs } = recorder.one("azure-native:authorization:RoleAssignment", "vault-data-databaseLogin");
    return inputs;
  };
  expect((await rights([]))["scope"]).toBe(`${vaultId}/secrets/databaseLogin`);
  expect(await rights(["azure-native:keyvault:Secret"])).toEqual(await rights([]));
});

test("a protected vault lets secrets and rights come and go", async () => {
  const recorder = await Recorder.start();
  new Vault("vault", args, { protect: true });
  await recorder.settle();
  expect(recorder.one("azure-native:keyvault:Vault").protect).toBe(true);
  const others = recorder.resources.filter(({ type }) => /:(Secret|RoleAssignment)$/.test(type));
  expect(others).toHaveLength(6);
  for (const { name, protect } of others) expect(protect, name).toBe(false);
});

test("a deleted vault is taken back only where that is asked for", async () => {
  expect(propertiesOf((await build({ recover: true })).recorder)).toMatchObject({ createMode: "recover" });
});

test("secrets that Pulumi has are written as secrets, and stay in the vault when they are taken away", async () => {
  const { recorder } = await build();
  const secret = recorder.one("azure-native:keyvault:Secret");
  expect(secret.name).toBe("vault-databaseLogin");
  expect(secret.retainOnDelete).toBe(true);
  expect(secret.inputs).toMatchObject({ secretName: "databaseLogin", vaultName: "kv-test" });
  expect(pulumi.runtime.isRpcSecret(secret.inputs["properties"])).toBe(true);
  expect(pulumi.runtime.unwrapRpcSecret(secret.inputs["properties"])).toEqual({ value: "correct horse" });
});

test("each group has rights in its own secrets, and no group in anything else", async () => {
  const { recorder } = await build();
  const assignments = recorder.resources.filter(({ type }) => type === "azure-native:authorization:RoleAssignment");
  expect(assignments.map(({ name }) => name).sort()).toEqual([
    "vault-back-databaseLogin",
    "vault-data-databaseLogin",
    // Written by the machines themselves.
    "vault-reverse-proxy-acme-account",
    "vault-reverse-proxy-certificate-api-dev-chatbot-example-0fd891cd",
    "vault-reverse-proxy-certificate-www-dev-chatbot-example-83733808",
  ]);
  const scope = `${vaultId}/secrets/databaseLogin`;
  const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6";
  expect(recorder.one("azure-native:authorization:RoleAssignment", "vault-data-databaseLogin").inputs).toEqual({
    roleAssignmentName: guidOf(scope, "principal-of-data", secretsUser),
    scope,
    principalId: "principal-of-data",
    principalType: "ServicePrincipal",
    roleDefinitionId: `/subscriptions/0000/providers/Microsoft.Authorization/roleDefinitions/${secretsUser}`,
  });
});

test("nobody learns of the vault, and nobody gets a right, before it is known that every secret is there", async () => {
  const recorder = await Recorder.start();
  const asked: string[] = [];
  const complete = (id: string) => {
    asked.push(id);
    return new Promise<void>(() => {});
  };
  const vault = new Vault("vault", { ...args, complete });
  let known = false;
  vault.uri.apply(() => (known = true));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(asked).toEqual([vaultId]);
  expect(known).toBe(false);
  expect(recorder.resources.map(({ type }) => type)).toContain("azure-native:keyvault:Secret");
  expect(recorder.resources.map(({ type }) => type)).not.toContain("azure-native:authorization:RoleAssignment");
});

test("a right's name is a GUID that is another one for another identity", () => {
  expect(guidOf("scope", "a", "role")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(guidOf("scope", "a", "role")).toBe(guidOf("scope", "a", "role"));
  expect(guidOf("scope", "a", "role")).not.toBe(guidOf("scope", "b", "role"));
});

test("wrong arguments are refused all at once, before anything is made", async () => {
  const recorder = await Recorder.start();
  const make = () => new Vault("vault", { ...args, vaultName: "KV", subnetIds: [], principalIds: { back: "p" } });
  expect(make).toThrow(`arguments of Vault vault; nothing was made
  vaultName: given KV, allowed is 3 to 24 lower-case letters, digits and single hyphens, starting with a letter and not \
ending with a hyphen
  subnetIds: given none, allowed is at least one, else no machine reads anything
  principalIds: given back, allowed is one for each of back, back-balancer, data, front, machine-learning, reverse-proxy`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
