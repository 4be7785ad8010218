import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resourceName } from "../../environment/names.ts";
import { environmentOf } from "./stackFile.ts";
import { entryOf, networkPrefixes, readStackFile, requireStack, stackOf, stacks } from "./stacks.ts";

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "lab-test-"));
  file("Pulumi.yaml", "name: platform");
  file("Pulumi.dev.yaml", "config:\n  platform:environment:\n    network: 10.20.0.0/16");
  file("Pulumi.staging-eu.yaml", "config:\n  platform:environment:\n    network: 10.40.0.0/16");
});
afterEach(() => rmSync(project, { recursive: true }));

const file = (name: string, content: string) => writeFileSync(join(project, name), content);

test("every file Pulumi.<stack>.yaml is a stack, and nothing else", () => {
  for (const name of ["Pulumi.dev.yaml.orig", "Pulumi..yaml", "PulumiPolicy.yaml", "Pulumi.dev.json"]) file(name, "");
  expect(stacks(project)).toEqual(["dev", "staging-eu"]);
});

test("an unknown stack is refused with those that exist and the file to write", () => {
  expect(() => requireStack(project, "prod")).toThrow(
    `there is no stack "prod"; stacks of this project: dev, staging-eu. To add it, write ${project}/Pulumi.prod.yaml`,
  );
  requireStack(project, "staging-eu");
});

test.each([
  ["is no YAML", "config: ["],
  ["is no mapping", "- config"],
  ["has a config that is none", "config: all"],
])("a file that %s is named when its stack is asked for, and takes nothing from the others", (_, content) => {
  file("Pulumi.broken.yaml", content);
  expect(() => readStackFile(project, "broken")).toThrow(`${project}/Pulumi.broken.yaml cannot be read: `);
  expect(networkPrefixes(project)).toEqual(["10.20.0.0/16", "10.40.0.0/16"]);
});

test.each([
  ["is empty", ""],
  ["has no environment", "config:\n  azure-native:location: westeurope"],
  ["has no network", "config:\n  platform:environment:\n    name: development"],
  ["has a network that is no block", "config:\n  platform:environment:\n    network: 10.20.0.0"],
])("a file that %s is read, and has no network", (_, content) => {
  file("Pulumi.dev.yaml", content);
  expect(environmentOf(readStackFile(project, "dev"))).toBeTypeOf("object");
  expect(networkPrefixes(project)).toEqual(["10.40.0.0/16"]);
});

test("the stack of a resource is the one for which the program names its group", () => {
  for (const stack of ["dev", "staging-eu"]) {
    const id = `/subscriptions/s/resourcegroups/${resourceName("resourceGroup", stack)}/providers/x/y/z`;
    expect(stackOf({ id })).toBe(stack);
  }
});

test("a stack without a public address has its entry's stack for a way in, by the name of its environment", () => {
  const proxy = (more: string) => `config:\n  platform:environment:\n    name: ${more}`;
  file("Pulumi.prod.yaml", proxy("production"));
  file("Pulumi.tools.yaml", proxy("tools\n    reverseProxy: {entry: production}"));
  file("Pulumi.dev.yaml", proxy("development\n    reverseProxy: {entry: production, public: true}"));
  // A file of which nobody asks keeps nobody from it.
  file("Pulumi.broken.yaml", "config: [");
  expect(["prod", "tools", "dev", "staging-eu"].map((stack) => entryOf(project, stack))).toEqual([
    ...[undefined, "prod", undefined, undefined],
  ]);
});
