import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { planOf } from "../../environment/testing/stacks.ts";
import { containerOf, stackStore } from "./account.ts";

const root = join(import.meta.dirname, "..", "..");
const directory = mkdtempSync(join(tmpdir(), "stacks-"));
afterAll(() => rmSync(directory, { recursive: true }));

function stackFile(stack: string, config: object): void {
  writeFileSync(join(directory, `Pulumi.${stack}.yaml`), JSON.stringify({ config }));
}

const environment = {
  name: "development",
  domain: "dev.chatbot.example",
  tiers: { front: { applications: [{ name: "front" }] }, data: {} },
};

test.each(["dev", "prod", "tools"])("the account of %s is the one that the program makes", async (stack) => {
  const plan = planOf(stack);
  const found = await stackStore(root, stack, {});
  expect(found).toMatchObject({ account: plan.storage.name, environment: plan.environment });
  expect(found.applications.sort()).toEqual(
    plan.tiers.flatMap(({ machines }) => machines.applications.map(({ name }) => name)).sort(),
  );
});

test("structured settings may be JSON in a string, as pulumi config set writes them, and may name the account", async () => {
  stackFile("own", { "platform:environment": JSON.stringify({ ...environment, storage: { name: "stown" } }) });
  expect(await stackStore(directory, "own", {})).toMatchObject({ account: "stown", applications: ["front"] });
});

test.each([
  [{}, {}, "https://stdev4c75b3a0.blob.core.windows.net/artifacts"],
  [{ "azure-native:environment": "china" }, {}, "https://stdev4c75b3a0.blob.core.chinacloudapi.cn/artifacts"],
  [{}, { ARM_ENVIRONMENT: "usgovernment" }, "https://stdev4c75b3a0.blob.core.usgovcloudapi.net/artifacts"],
])("the container is the one of the stack's cloud (%j, %j)", async (config, variables, url) => {
  stackFile("dev", { "platform:environment": environment, ...config });
  const { url: found } = await containerOf(await stackStore(directory, "dev", variables));
  expect(found.replace(/stdev\w{8}/, "stdev4c75b3a0")).toBe(url);
});

test("a stack without a file, and one whose file says too little, are told by name", async () => {
  await expect(stackStore(directory, "none")).rejects.toThrow(/given none, which has no file .*Pulumi\.none\.yaml/);
  stackFile("poor", { "platform:environment": { name: "x" } });
  await expect(stackStore(directory, "poor")).rejects.toThrow(/Pulumi\.poor\.yaml: platform:environment lacks/);
  writeFileSync(join(directory, "Pulumi.broken.yaml"), "config: {");
  await expect(stackStore(directory, "broken")).rejects.toThrow(/Pulumi\.broken\.yaml cannot be read/);
});

test("the provider's settings count before variables, also those that are no strings, and not those that are secrets", async () => {
  const config = {
    "azure-native:useOidc": true,
    "azure-native:clientId": "own",
    "azure-native:clientSecret": { secure: "v1:a" },
  };
  stackFile("oidc", { "platform:environment": environment, ...config });
  const { ask } = await stackStore(directory, "oidc", { ARM_CLIENT_ID: "other", ARM_CLIENT_SECRET: "secret" });
  expect(ask("useOidc", "ARM_USE_OIDC")).toBe("true");
  expect(ask("clientId", "ARM_CLIENT_ID")).toBe("own");
  expect(ask("clientSecret", "ARM_CLIENT_SECRET")).toBe("secret");
});
