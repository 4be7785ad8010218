import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dependencies, locate, requiredPlugins } from "./packages.ts";

function project(manifests: Record<string, object>): string {
  const root = mkdtempSync(join(tmpdir(), "packages-test-"));
  for (const [path, manifest] of Object.entries(manifests)) {
    mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, path, "package.json"), JSON.stringify(manifest));
  }
  return root;
}

const sdk = {
  name: "@pulumi/azure-native",
  version: "3.28.0",
  pulumi: { resource: true, name: "azure-native", version: "3.28.0" },
};
const root = project({
  ".": { name: "p", dependencies: { "@pulumi/azure-native": "*", other: "*" } },
  "node_modules/@pulumi/azure-native": sdk,
  "node_modules/other": { name: "other", version: "1.0.0" },
  "node_modules/other/node_modules/@pulumi/command": {
    name: "@pulumi/command",
    version: "v1.2.1",
    pulumi: { resource: true },
  },
  "node_modules/other/node_modules/deep": { name: "deep", version: "2.0.0", pulumi: { resource: false } },
});

test("Plugins are those of the installed packages, wherever they are installed, in the version that they name.", () => {
  expect(
    requiredPlugins(root)
      .map(({ name, version }) => `${name} ${version}`)
      .sort(),
  ).toEqual(["azure-native v3.28.0", "command v1.2.1"]);
});

test("Dependencies are told as installed: the program's own, or all.", () => {
  expect(dependencies(root, false).map(({ name }) => name)).toEqual(["@pulumi/azure-native", "other"]);
  expect(dependencies(root, true)).toContainEqual({ name: "deep", version: "2.0.0" });
});

test("A missing SDK is told with what to do.", () => {
  expect(() => locate("@pulumi/pulumi/cmd/run", root)).toThrow(/SDK has not been installed.*npm install/);
});
