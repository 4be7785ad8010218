import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { settingsInFile } from "./fromFile.ts";
import { readStack } from "./read.ts";
import { checkSettings } from "./settings.ts";
import { administrators, committed } from "./testing/stacks.ts";

const root = join(import.meta.dirname, "..");
const ansible = join(root, "ansible");
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "stack-"));
  for (const stack of ["dev", "prod", "tools"])
    copyFileSync(join(root, `Pulumi.${stack}.yaml`), join(directory, `Pulumi.${stack}.yaml`));
  for (const name of ["ARM_METADATA_HOSTNAME", "ARM_ENVIRONMENT", "AZURE_ENVIRONMENT"]) vi.stubEnv(name, "");
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  vi.unstubAllEnvs();
});

/** What the program takes of a file with these settings besides an environment and administrators. */
function read(stack: string, settings: object = {}, environment: unknown = committed(stack)) {
  const path = join(directory, `Pulumi.${stack}.yaml`);
  const config = { "platform:environment": environment, "platform:administrators": administrators, ...settings };
  writeFileSync(path, dump({ encryptionsalt: "v1:x", config }));
  return checkSettings(settingsInFile(path, stack), ansible, directory);
}

test.each(["dev", "prod", "tools"])("the plan of %s is the one that Pulumi's own reading gives", async (stack) => {
  const nothing = () => {
    throw new Error("reading makes no resource and calls no function");
  };
  await pulumi.runtime.setMocks({ newResource: nothing, call: nothing }, "platform", stack);
  pulumi.runtime.setAllConfig({
    "platform:environment": JSON.stringify(committed(stack)),
    "platform:administrators": JSON.stringify(administrators),
    "azure-native:location": "westeurope",
  });
  const byPulumi = readStack(ansible, directory);
  const byFile = read(stack, { "azure-native:location": "westeurope" });
  expect(byFile.planWith(new Map()).plan).toEqual(byPulumi.planWith(new Map()).plan);
  expect([byFile.cloud, byFile.location, byFile.file]).toEqual([byPulumi.cloud, byPulumi.location, byPulumi.file]);
});

test("other stacks are those of the project, as their files beside the stack's own say them", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "beside-"));
  try {
    const dev = committed("dev");
    dev["reverseProxy"] = { ...(dev["reverseProxy"] as object), entry: "production" };
    for (const file of ["Pulumi.dev.yaml", "Pulumi.unknown.yaml"])
      writeFileSync(join(elsewhere, file), dump({ config: { "platform:environment": dev } }));
    const path = join(directory, "Pulumi.prod.yaml");
    const config = { "platform:environment": committed("prod"), "platform:administrators": administrators };
    writeFileSync(path, dump({ config }));
    const forwards = (...beside: string[]) =>
      checkSettings(settingsInFile(path, "prod"), ansible, directory, ...beside)
        .planWith(new Map())
        .plan.reverseProxy.forwards.map(({ environment }) => environment);
    expect(forwards()).toEqual(["tools"]);
    expect(forwards(elsewhere)).toEqual(["tools", "development"]);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

test("secrets are known by their names only, and need not be decrypted", () => {
  const secure = {
    "platform:databaseLogin": { secure: "v1:abc:def" },
    "azure-native:clientSecret": { secure: "v1:g" },
  };
  expect(read("dev", secure).stack).toBe("dev");
  expect(() => read("dev", { "platform:apiKey": { secure: "v1:abc:def" } })).toThrow(
    "platform:apiKey\n    given:   a value that nobody asks for\n",
  );
  const path = join(directory, "Pulumi.dev.yaml");
  expect(settingsInFile(path, "dev").provider("clientSecret")).toBeUndefined();
});

test("a secret whose fields were encrypted one by one has these fields", () => {
  const login = (...fields: string[]) => ({
    "platform:databaseLogin": Object.fromEntries(fields.map((field) => [field, { secure: "v1:abc:def" }])),
  });
  expect(read("dev", login("user", "password")).stack).toBe("dev");
  expect(() => read("dev", login("user"))).toThrow(/platform:databaseLogin\n[^]*password/);
});

test("a value that was set as JSON is read as such, and mistakes are told as always", () => {
  expect(read("tools", {}, JSON.stringify(committed("tools"))).stack).toBe("tools");
  expect(() => read("tools", {}, "{")).toThrow(/mistakes? in Pulumi\.tools\.yaml/);
  expect(() => settingsInFile(join(directory, "none.yaml"), "none")).toThrow(/none\.yaml cannot be read: ENOENT/);
});
