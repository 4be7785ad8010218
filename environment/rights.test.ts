import { expect, test } from "vitest";
import { planOf } from "./testing/stacks.ts";

test("each group has an identity, which reads the group's own secrets and its artifacts, and may do nothing else", () => {
  const { identities } = planOf("dev");
  const read = { role: "Key Vault Secrets User", secret: "databaseLogin" };
  const artifacts = { role: "Storage Blob Data Reader", container: "artifacts" };
  expect(identities.map(({ group, name, rights }) => [group, name, rights])).toEqual([
    ["back", "id-platform-dev-back", [read, artifacts]],
    ["back-balancer", "id-platform-dev-back-balancer", []],
    ["data", "id-platform-dev-data", [read]],
    ["front", "id-platform-dev-front", [artifacts]],
    ["machine-learning", "id-platform-dev-machine-learning", [artifacts]],
    ["reverse-proxy", "id-platform-dev-reverse-proxy", []],
  ]);
});

test("GitLab keeps its backups in the container for them, and a runner reads its token", () => {
  const rights = Object.fromEntries(planOf("tools").identities.map(({ group, rights: own }) => [group, own]));
  expect(rights).toMatchObject({
    gitlab: [{ role: "Storage Blob Data Contributor", container: "backups" }],
    runner: [{ role: "Key Vault Secrets User", secret: "runnerToken" }],
  });
});
