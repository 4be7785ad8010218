import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineGroups, type Plan } from "../environment/plan.ts";
import { copyOf, planOf } from "../environment/testing/stacks.ts";
import { longestVaultAccess } from "../inventory/vaultAccess.ts";
import { writeFiles } from "./files.ts";
import type { Machine } from "./machines.ts";

const ansible = join(import.meta.dirname, "..", "ansible");
const tools = join(import.meta.dirname, "..", ".venv", "bin");

const staging = copyOf("dev", {
  name: "staging",
  network: "10.40.0.0/16",
  domain: "staging.chatbot.example",
  privateDomain: "staging.chatbot.internal",
});
const plans = [planOf("dev"), planOf("staging", staging), planOf("prod")];

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "inventories-"));
  cpSync(join(ansible, "inventory", "group_vars"), join(directory, "inventory", "group_vars"), { recursive: true });
  for (const plan of plans)
    writeFiles(directory, plan, machinesOf(plan), new Map(), { jumps: ["198.51.100.32"] }, longestVaultAccess(plan));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Two machines of each group, called alike in all environments but for the stack. */
function machinesOf(plan: Plan): Machine[] {
  return machineGroups(plan).flatMap((group) =>
    ["1", "2"].map((number) => ({
      id: `${plan.stack}-${group.name}-${number}`,
      name: `${group.name}_${number}`,
      hostName: `${group.name}${number}`,
      address: `${plan.network.slice(0, 6)}9.${number}`,
      scaleSetId: "",
      identities: [],
      hasSystemIdentity: false,
      networkInterface: "nic",
      poolIds: [],
      identityId: "",
      group,
      inventoryName: `${group.name}${number}.${plan.stack}`,
    })),
  );
}

interface Listing {
  _meta: { hostvars: Record<string, Record<string, unknown>> };
  front?: { children?: string[] };
}

/** What Ansible itself makes of inventories. */
function list(...inventories: string[]): Listing {
  const sources = inventories.flatMap((inventory) => ["-i", join(directory, "inventory", inventory)]);
  const output = execFileSync(join(tools, "ansible-inventory"), [...sources, "--list"], {
    cwd: ansible,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(output) as Listing;
}

test("each machine has the same values with its own inventory, with several, and with the folder of all", () => {
  const alone = Object.assign({}, ...plans.map(({ stack }) => list(`${stack}.yml`)._meta.hostvars)) as object;
  expect(Object.keys(alone)).toHaveLength(plans.flatMap(machinesOf).length);
  expect(list("dev.yml", "staging.yml", "prod.yml")._meta.hostvars).toEqual(alone);
  expect(list("prod.yml", "staging.yml", "dev.yml")._meta.hostvars).toEqual(alone);
  expect(list("")._meta.hostvars).toEqual(alone);
});

test("a kind's group has the machines of all environments, each with its own jump host and host keys", () => {
  const { front, _meta } = list("dev.yml", "staging.yml");
  expect(front?.children?.sort()).toEqual(["front_development", "front_staging"]);
  const arguments_ = (host: string) => _meta.hostvars[host]?.["ansible_ssh_common_args"];
  expect(arguments_("front1.dev")).toBe('-F "{{ inventory_dir }}/dev.ssh_config"');
  expect(arguments_("front1.staging")).toBe('-F "{{ inventory_dir }}/staging.ssh_config"');
});
