import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cloudOf } from "./cloud.ts";
import { readStack } from "./read.ts";
import { administrators, committed, playbooks } from "./testing/stacks.ts";

let ansible: string;
beforeEach(async () => {
  ansible = mkdtempSync(join(tmpdir(), "ansible-"));
  mkdirSync(join(ansible, "playbooks"));
  for (const name of [...playbooks, "forgotten", "base"]) writeFileSync(join(ansible, "playbooks", `${name}.yml`), "");
  const imports = playbooks.map((name) => `- ansible.builtin.import_playbook: ${name}.yml\n`);
  writeFileSync(join(ansible, "playbooks", "site.yml"), imports.join(""));
  for (const file of ["Pulumi.dev.yaml", "Pulumi.prod.yaml"])
    copyFileSync(join(import.meta.dirname, "..", file), join(ansible, file));
  for (const name of ["ARM_METADATA_HOSTNAME", "ARM_ENVIRONMENT", "AZURE_ENVIRONMENT"]) vi.stubEnv(name, "");
  const nothing = () => {
    throw new Error("reading makes no resource and calls no function");
  };
  await pulumi.runtime.setMocks({ newResource: nothing, call: nothing }, "platform", "tools");
});
afterEach(() => {
  rmSync(ansible, { recursive: true });
  vi.unstubAllEnvs();
});

/** Reads the committed tools stack with these settings besides. */
function read(settings: Record<string, string> = {}, environment: object = committed("tools")) {
  pulumi.runtime.setAllConfig({
    "platform:environment": JSON.stringify(environment),
    "platform:administrators": JSON.stringify(administrators),
    ...settings,
  });
  return readStack(ansible, ansible);
}

test("a stack is planned by its own name", () => {
  expect(read().planWith(new Map()).plan).toMatchObject({
    stack: "tools",
    environment: "tools",
    network: "10.30.0.0/16",
  });
});

test("every playbook that site.yml imports is of a kind of server", () => {
  const environment = { ...committed("tools"), tiers: { video: { subnetIndex: 1, instances: 1 } }, reverseProxy: {} };
  const kinds = playbooks.filter((kind) => !["balancer", "reverse-proxy"].includes(kind));
  expect(() => read({}, environment)).toThrow(`allowed: a kind of server with a playbook: ${kinds.join(", ")}; write`);
});

test("Azure is the public one, the national one that is named, or the one that a metadata host describes", () => {
  expect(read().cloud).toEqual(cloudOf("public", undefined));
  const china = { "azure-native:environment": "china" };
  expect(read(china).cloud).toEqual(cloudOf("china", undefined));
  expect(read({ ...china, "azure-native:metadataHost": "arm.example" }).cloud).toEqual({ metadataHost: "arm.example" });
});

test("where the stack names no Azure, the provider's variables do", () => {
  vi.stubEnv("AZURE_ENVIRONMENT", "china");
  expect(read().cloud).toEqual(cloudOf("china", undefined));
  vi.stubEnv("ARM_ENVIRONMENT", "usgovernment");
  expect(read().cloud).toEqual(cloudOf("usgovernment", undefined));
  expect(read({ "azure-native:environment": "public" }).cloud).toEqual(cloudOf("public", undefined));
  vi.stubEnv("ARM_METADATA_HOSTNAME", "arm.example");
  expect(read().cloud).toEqual({ metadataHost: "arm.example" });
});

test("an Azure that nobody knows is refused, with those that are known", () => {
  expect(() => read({ "azure-native:environment": "germany" }))
    .toThrow(`1 mistake in Pulumi.tools.yaml; nothing was changed.
  azure-native:environment
    given:   "germany"
    allowed: one of public, usgovernment, china; also ARM_ENVIRONMENT says it, where the stack does not`);
});

test("another stack of the project with the same name is a mistake; one whose file is broken is not", () => {
  const other = { config: { "platform:environment": { name: "tools" } } };
  writeFileSync(join(ansible, "Pulumi.other.yaml"), JSON.stringify(other));
  writeFileSync(join(ansible, "Pulumi.broken.yaml"), "{");
  expect(() => read()).toThrow("a name of its own; Pulumi.other.yaml has it already");
});

test("Azure is asked beforehand, and names under .example are refused, unless the stack says otherwise", () => {
  expect(read()).toMatchObject({
    preflight: { enabled: true, exampleNames: "refuse", spares: "required" },
    location: undefined,
    file: "Pulumi.tools.yaml",
  });
  const settings = {
    "platform:preflight": JSON.stringify({ exampleNames: "allow" }),
    "azure-native:location": "westeurope",
  };
  expect(read(settings)).toMatchObject({ preflight: { enabled: true, exampleNames: "allow" }, location: "westeurope" });
});

test("a preflight of other settings is a mistake", () => {
  const settings = { "platform:preflight": JSON.stringify({ enabled: "no", exampleNames: "maybe", quota: false }) };
  expect(() => read(settings)).toThrow(`3 mistakes in Pulumi.tools.yaml; nothing was changed.
  platform:preflight.enabled
    given:   "no"
    allowed: true or false
  platform:preflight.exampleNames
    given:   "maybe"
    allowed: one of refuse, allow
  platform:preflight.quota
    given:   false
    allowed: nothing by this name; known here are enabled, exampleNames`);
});

test("roles that ask for a secret get one", () => {
  mkdirSync(join(ansible, "inventory", "group_vars"), { recursive: true });
  const groupVars = join(ansible, "inventory", "group_vars", "gitlab.yml");
  writeFileSync(groupVars, 'gitlab_token: "{{ secrets_values[platform_secrets.runnerToken] }}"\n');
  expect(() => read()).toThrow(
    `platform:environment.tiers.gitlab.secrets.runnerToken
    given:   (nothing)
    allowed: the name of a secret, for which the roles of kind gitlab ask: runnerToken: runnerToken`,
  );
});

test("what is set as a secret is told where nobody asks for it, or where it lacks a field, and is not shown", () => {
  const settings = { "platform:databaseLogin": "correct horse", "platform:apiKey": "battery staple" };
  const environment = committed("tools") as { tiers: object };
  const data = { subnetIndex: 9, instances: 1, port: 5432, secrets: { login: "databaseLogin.user" } };
  const check = () => read(settings, { ...environment, tiers: { ...environment.tiers, data } });
  expect(check).toThrow(/^2 mistakes in Pulumi\.tools\.yaml;/);
  expect(check).toThrow("platform:apiKey\n    given:   a value that nobody asks for\n");
  expect(check).toThrow("platform:databaseLogin\n    given:   a value that is no JSON object of strings\n");
  expect(check).not.toThrow(/correct horse|battery staple/);
});
