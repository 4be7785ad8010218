/** What the roles of GitLab and its runners are told of the tools environment: group_vars, rendered by Ansible itself. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineGroups } from "../environment/plan.ts";
import { committed, planOf } from "../environment/testing/stacks.ts";
import { buildInventory, renderInventory } from "./inventory.ts";
import { longestVaultAccess } from "./vaultAccess.ts";

const root = join(import.meta.dirname, "..");

const asked = {
  gitlab: ["package", "version", "repository", "external_url", "port", "trusted_proxies", "store", "backup_folder"].map(
    (name) => `gitlab_${name}`,
  ),
  runner: ["package", "version", "repository", "url", "token", "concurrent"].map((name) => `gitlab_runner_${name}`),
  all: ["health_urls", "health_services", "health_has_program", "secrets_names", "secrets_units"],
};

/** tools, whose runners have a package of their own. */
const environment = committed("tools") as Record<string, Record<string, object>>;
environment["tiers"]!["runner"] = {
  ...environment["tiers"]!["runner"],
  packages: {
    version: "18.6.0-1",
    repository: {
      url: "https://packages.chatbot.example/runner",
      keyUrl: "https://packages.chatbot.example/key.asc",
      keyFingerprint: "A".repeat(40),
    },
  },
};
const plan = planOf("tools", environment);

let directory: string;
const told: Record<string, Record<string, unknown>> = {};
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tools-"));
  mkdirSync(join(directory, "inventory"));
  cpSync(join(root, "ansible", "inventory", "group_vars"), join(directory, "inventory", "group_vars"), {
    recursive: true,
  });
  const machines = machineGroups(plan).map((group) => ({ name: `${group.name}1`, group, connection: {} }));
  const local = { ansible_connection: "local", ansible_user: "platform" };
  writeFileSync(
    join(directory, "inventory", "tools.yml"),
    renderInventory(buildInventory(plan, machines, local, longestVaultAccess(plan))),
  );
  const plays = (["gitlab", "runner"] as const).map((kind) => ({
    hosts: kind,
    gather_facts: false,
    // Named, so that its defaults count; it does nothing.
    roles: [{ role: "health", when: false }],
    tasks: [
      {
        "ansible.builtin.copy": {
          content: `{{ {${[...asked[kind], ...asked.all].map((name) => `'${name}': ${name}`).join(", ")}} | to_json }}`,
          dest: `${directory}/${kind}.json`,
          mode: "0600",
        },
      },
    ],
  }));
  writeFileSync(join(directory, "render.yml"), dump(plays));
  execFileSync(
    join(root, ".venv", "bin", "ansible-playbook"),
    ["-i", join(directory, "inventory", "tools.yml"), join(directory, "render.yml")],
    { cwd: join(root, "ansible"), env: { ...process.env, ANSIBLE_STRATEGY: "linear" }, encoding: "utf8" },
  );
  for (const kind of ["gitlab", "runner"])
    told[kind] = JSON.parse(readFileSync(join(directory, `${kind}.json`), "utf8")) as Record<string, unknown>;
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

test("GitLab comes from its makers, stands behind its own reverse proxies, and keeps backups in a folder of its own", () => {
  expect(told["gitlab"]).toEqual({
    gitlab_package: "gitlab-ee",
    gitlab_version: "",
    gitlab_repository: {
      url: "https://packages.gitlab.com/gitlab/gitlab-ee/debian",
      suite: "trixie",
      component: "main",
      key_url: "https://packages.gitlab.com/gpgkey/gpg.key",
      key_fingerprint: "F6403F6544A38863DAA0B6E03F01618A51312F3F",
    },
    gitlab_external_url: "https://gitlab.tools.chatbot.example",
    gitlab_port: 80,
    gitlab_trusted_proxies: ["10.30.0.0/24"],
    gitlab_store: longestVaultAccess(plan).storeUrl,
    gitlab_backup_folder: "gitlab/tools/gitlab",
    health_urls: ["http://127.0.0.1:80/-/readiness"],
    health_services: ["gitlab-runsvdir.service"],
    health_has_program: true,
    secrets_names: [],
    secrets_units: ["gitlab-runsvdir.service"],
  });
});

test("runners ask GitLab inside the network, by the token of the vault, and may have packages of one's own", () => {
  expect(told["runner"]).toEqual({
    gitlab_runner_package: "gitlab-runner",
    gitlab_runner_version: "18.6.0-1",
    gitlab_runner_repository: {
      url: "https://packages.chatbot.example/runner",
      suite: "trixie",
      component: "main",
      key_url: "https://packages.chatbot.example/key.asc",
      key_fingerprint: "A".repeat(40),
    },
    gitlab_runner_url: "http://gitlab.tools.chatbot.internal:80",
    gitlab_runner_token: "runnerToken",
    gitlab_runner_concurrent: 2,
    health_urls: [],
    health_services: ["gitlab-runner.service"],
    health_has_program: true,
    secrets_names: ["runnerToken"],
    secrets_units: [],
  });
});
