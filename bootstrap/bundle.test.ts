import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import type { MachineGroup } from "../environment/machineGroup.ts";
import { machineGroups } from "../environment/plan.ts";
import { planOf } from "../environment/testing/stacks.ts";
import { buildInventory } from "../inventory/inventory.ts";
import { longestVaultAccess } from "../inventory/vaultAccess.ts";
import { buildBundle, bundleFiles, bundleMistakes, longestCustomData } from "./bundle.ts";
import { treeOf } from "./testing/tree.ts";
import { readTree } from "./tree.ts";

const plan = planOf("dev");
const groupOf = (name: string): MachineGroup => {
  const found = machineGroups(plan).find((group) => group.name === name);
  if (!found) throw new RangeError(`group: given ${name}, which dev has not`);
  return found;
};

const files = {
  "playbooks/front.yml": "- hosts: front\n  roles: [health]\n",
  "playbooks/machine-learning.yml": "- hosts: machine_learning\n  roles: [health]\n",
  "roles/health/tasks/main.yml": "- ansible.builtin.debug: {}\n",
  "inventory/group_vars/all.yml": "a: 1\n",
  "inventory/group_vars/development.yml": "b: 1\n",
  "inventory/group_vars/front_development/more.yml": "c: 1\n",
  "inventory/group_vars/machine_learning.yml": "d: 1\n",
  "inventory/group_vars/back.yml": "e: 1\n",
};
const tree = treeOf(files);
const access = longestVaultAccess(plan);

interface CloudConfig {
  ssh_pwauth: boolean;
  disable_root: boolean;
  ssh: unknown;
  write_files: { path: string; content: string; permissions: string; encoding?: string }[];
  runcmd: string[][];
}

const unpack = (customData: string): CloudConfig => {
  const text = gunzipSync(Buffer.from(customData, "base64")).toString();
  expect(text.startsWith("#cloud-config\n")).toBe(true);
  return load(text) as CloudConfig;
};

test("custom data is a cloud-config that writes the files and starts the run, without passwords or root", () => {
  const config = unpack(buildBundle(plan, groupOf("front"), tree, access));
  expect(config.write_files).toEqual(bundleFiles(plan, groupOf("front"), tree, access));
  expect(config).toMatchObject({ ssh_pwauth: false, disable_root: true, ssh: { emit_keys_to_console: true } });
  expect(config.runcmd.at(-1)).toEqual(["systemctl", "start", "--no-block", "platform-boot.service"]);
});

test("a machine gets its playbook, its roles and the variables of its groups, and nobody else's", () => {
  const paths = (name: string) =>
    bundleFiles(plan, groupOf(name), tree, access)
      .map(({ path }) => path)
      .sort();
  expect(paths("front")).toEqual([
    "/etc/systemd/system/platform-boot.service",
    "/opt/platform/ansible.cfg",
    "/opt/platform/boot",
    "/opt/platform/inventory/boot.yml",
    "/opt/platform/inventory/group_vars/all.yml",
    "/opt/platform/inventory/group_vars/development.yml",
    "/opt/platform/inventory/group_vars/front_development/more.yml",
    "/opt/platform/playbooks/front.yml",
    "/opt/platform/roles/health/tasks/main.yml",
  ]);
  expect(paths("machine-learning")).toContain("/opt/platform/inventory/group_vars/machine_learning.yml");
});

test("a machine that configures itself has the same groups and variables as in a pushed run", () => {
  const group = groupOf("front");
  const boot = bundleFiles(plan, group, tree, access).find(({ path }) => path === "/opt/platform/inventory/boot.yml");
  const pushed = buildInventory(
    plan,
    [{ name: "localhost", group, connection: { ansible_host: "10.20.1.4" } }],
    { ansible_user: "platform" },
    access,
  );
  const { development } = pushed.all.children;
  delete development?.vars?.["ansible_user"];
  if (development) development.hosts = { localhost: { ansible_connection: "local" } };
  expect(load(boot?.content ?? "")).toEqual(pushed);
});

test("the run repeats until it has succeeded once, and says so on the console and in its log", () => {
  const written = bundleFiles(plan, groupOf("machine-learning"), tree, access);
  const unit = written.find(({ path }) => path.endsWith(".service"))?.content ?? "";
  for (const line of [
    "Type=oneshot",
    "Restart=on-failure",
    "StandardOutput=journal+console",
    "ConditionPathExists=!/var/lib/platform/configured",
    "ExecStart=/opt/platform/boot",
  ]) {
    expect(unit.split("\n")).toContain(line);
  }
  const boot = written.find(({ path }) => path === "/opt/platform/boot");
  expect(boot?.permissions).toBe("0755");
  expect(boot?.content).toContain("ansible-playbook -i inventory/boot.yml playbooks/machine-learning.yml");
  expect(boot?.content).toMatch(/tee -a \/var\/log\/platform-boot\.log\n.*\ntouch \/var\/lib\/platform\/configured/);
});

test("the same tree gives the same bytes, and another one others", () => {
  const first = buildBundle(plan, groupOf("front"), tree, access);
  expect(buildBundle(planOf("dev"), groupOf("front"), treeOf(files), access)).toBe(first);
  const other = treeOf({ ...files, "inventory/group_vars/all.yml": "a: 2\n" });
  expect(buildBundle(plan, groupOf("front"), other, access)).not.toBe(first);
  // Neither the time nor the system on which it was made.
  expect(Buffer.from(first, "base64").subarray(0, 10).toString("hex")).toBe("1f8b08000000000002ff");
});

test("a change in a role changes only the machines that have it", () => {
  const changed = treeOf({ ...files, "inventory/group_vars/machine_learning.yml": "d: 2\n" });
  expect(buildBundle(plan, groupOf("front"), changed, access)).toBe(buildBundle(plan, groupOf("front"), tree, access));
});

test("files that are no text arrive unchanged", () => {
  const binary = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
  const written = bundleFiles(
    plan,
    groupOf("front"),
    [...tree, { path: "roles/health/files/blob", content: binary, executable: true }],
    access,
  );
  const blob = written.find(({ path }) => path.endsWith("/blob"));
  expect(blob).toMatchObject({ encoding: "b64", permissions: "0755" });
  expect(Buffer.from(blob?.content ?? "", "base64")).toEqual(binary);
});

test("what Azure would not take is refused with its size, the limit and the largest files", () => {
  const large = treeOf({ ...files, "roles/health/files/large": randomBytes(longestCustomData).toString("hex") });
  const build = () => buildBundle(plan, groupOf("front"), large, access);
  expect(build).toThrow(/^first-boot configuration of front: given \d{5,6} bytes compressed, allowed are 65535; take/);
  expect(build).toThrow(/out of ansible\/playbooks\/front\.yml.*compressed: \/opt\/platform\/roles\/health\/.*large/);
});

test("comments of YAML stay at home, and what looks like one in a value goes along", () => {
  const contents = {
    "roles/health/tasks/main.yml": "# Why.\n- ansible.builtin.debug: {}\n  # And more.\n  when: true # here\n",
    "roles/health/defaults/main.yml": "# Why.\na: |\n  # no comment\n  b\n",
    "roles/health/files/script": "#!/bin/sh\n# Why.\n",
  };
  const written = bundleFiles(plan, groupOf("front"), treeOf({ ...files, ...contents }), access);
  const contentOf = (end: string) => written.find(({ path }) => path.endsWith(end))?.content;
  expect(contentOf("tasks/main.yml")).toBe("- ansible.builtin.debug: {}\n  when: true # here\n");
  expect(contentOf("defaults/main.yml")).toBe(contents["roles/health/defaults/main.yml"]);
  expect(contentOf("files/script")).toBe(contents["roles/health/files/script"]);
});

test.each(["dev", "prod", "tools"])("what the machines of %s carry fits into nine tenths of the limit", (stack) => {
  const real = readTree(join(import.meta.dirname, "..", "ansible"));
  const stackPlan = planOf(stack);
  for (const group of machineGroups(stackPlan)) {
    const size = Buffer.from(buildBundle(stackPlan, group, real, longestVaultAccess(stackPlan)), "base64").length;
    expect(size, group.name).toBeLessThan(longestCustomData * 0.9);
  }
});

test("what does not fit is known before the values are that are known only once they are made", () => {
  expect(bundleMistakes(plan, treeOf({ ...files, ...others() }))).toEqual([]);
  const large = { "roles/health/files/large": randomBytes(longestCustomData).toString("base64") };
  const found = bundleMistakes(plan, treeOf({ ...files, ...others(), ...large }));
  expect(found).toHaveLength(2);
  for (const name of ["front", "machine-learning"])
    expect(found.join("\n")).toMatch(
      new RegExp(`^first-boot configuration of ${name}: given \\d+ bytes compressed, allowed are 65279; `, "m"),
    );
});

/** Playbooks of the kinds that the other tests leave out. */
function others(): Record<string, string> {
  const kinds = ["back", "balancer", "data", "reverse-proxy"];
  return Object.fromEntries(kinds.map((kind) => [`playbooks/${kind}.yml`, `- hosts: all\n  roles: []\n`]));
}

test("real values compress no worse than those that stand for them, but for the margin", () => {
  const size = (given: typeof access) => Buffer.from(buildBundle(plan, groupOf("front"), tree, given), "base64").length;
  for (let run = 0; run < 20; run += 1) {
    const clientIds = Object.fromEntries(machineGroups(plan).map(({ name }) => [name, randomUUID()]));
    expect(size({ ...access, clientIds })).toBeLessThan(size(access) + 256);
  }
});
