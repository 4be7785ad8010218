import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineGroups } from "../environment/plan.ts";
import { portsOf } from "../environment/portMoves.ts";
import { committed, planOf } from "../environment/testing/stacks.ts";
import { longestVaultAccess } from "../inventory/vaultAccess.ts";
import { writeFiles } from "./files.ts";

const ansible = join(import.meta.dirname, "..", "ansible");
const tools = join(import.meta.dirname, "..", ".venv", "bin");

/** dev, whose load balancers of back and data had other ports. */
const standing = (tier: string, port: number) =>
  [`lbi-platform-dev-${tier}`, portsOf(new Map([[port, "service"]]), undefined)] as const;
const plan = planOf("dev", committed("dev"), new Map([standing("back", 4100), standing("data", 5400)]));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ports-"));
  cpSync(join(ansible, "inventory", "group_vars"), join(directory, "inventory", "group_vars"), { recursive: true });
  // The role itself does not run here: its defaults stand below what groups say.
  const all = join(directory, "inventory", "group_vars", "all.yml");
  const variablesIn = (file: string) => load(readFileSync(file, "utf8")) as object;
  const defaults = variablesIn(join(ansible, "roles", "redirect", "defaults", "main.yml"));
  writeFileSync(all, dump({ ...defaults, ...variablesIn(all) }));
  const machines = machineGroups(plan).map((group) => ({
    id: group.name,
    name: group.name,
    hostName: group.name,
    address: "192.0.2.1",
    scaleSetId: "",
    identities: [],
    hasSystemIdentity: false,
    networkInterface: "nic",
    poolIds: [],
    identityId: "",
    group,
    inventoryName: `${group.name}.dev`,
  }));
  writeFiles(directory, plan, machines, new Map(), { jumps: ["198.51.100.32"] }, longestVaultAccess(plan));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What Ansible makes of the roles' variables on each machine, and of the settings of role redirect. */
function variables(): Record<string, unknown> {
  const playbook = [
    {
      hosts: "all",
      connection: "local",
      gather_facts: false,
      tasks: [
        {
          name: "Write what roles get",
          "ansible.builtin.copy": {
            content:
              "{{ {'units': redirect_units, 'reload': redirect_on_reload | default(true), " +
              "'haproxy': haproxy_additional_ports | default([]), 'health': health_ports | default([])} | to_json }}",
            dest: `${directory}/{{ inventory_hostname }}.json`,
            mode: "0600",
          },
        },
        {
          name: "Write the settings",
          "ansible.builtin.template": {
            src: join(ansible, "roles/redirect/templates/redirect.json.j2"),
            dest: `${directory}/{{ inventory_hostname }}.redirect.json`,
            mode: "0600",
          },
        },
      ],
    },
  ];
  writeFileSync(join(directory, "write.yml"), JSON.stringify(playbook));
  execFileSync(
    join(tools, "ansible-playbook"),
    ["-i", join(directory, "inventory", "dev.yml"), join(directory, "write.yml")],
    { cwd: ansible, env: { ...process.env, ANSIBLE_STRATEGY: "linear" }, encoding: "utf8" },
  );
  return Object.fromEntries(
    machineGroups(plan).map(({ name }) => {
      const read = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), "utf8"));
      return [name, { ...(read(`${name}.dev.json`) as object), settings: read(`${name}.dev.redirect.json`) }];
    }),
  );
}

test("while ports move each machine serves both, by the units that it has", () => {
  expect(variables()).toEqual({
    back: {
      units: ["pm2@back.service"],
      reload: true,
      haproxy: [],
      health: [],
      settings: [{ name: "back", port: 4000, besides: [4100], binds_all: false }],
    },
    "back-balancer": {
      units: ["haproxy.service"],
      reload: true,
      haproxy: [4100],
      health: [4000],
      settings: [{ name: "back-balancer", port: 4000, besides: [4100], binds_all: true }],
    },
    data: {
      units: ["postgresql@17-main.service"],
      reload: true,
      haproxy: [],
      health: [5432],
      settings: [{ name: "data", port: 5432, besides: [5400], binds_all: false }],
    },
    front: {
      units: ["pm2@front.service"],
      reload: true,
      haproxy: [],
      health: [],
      settings: [{ name: "front", port: 3000, besides: [], binds_all: false }],
    },
    "machine-learning": {
      units: ["application-machine-learning.service"],
      reload: false,
      haproxy: [],
      health: [],
      settings: [{ name: "machine-learning", port: 5000, besides: [], binds_all: false }],
    },
    "reverse-proxy": { units: ["nginx.service"], reload: true, haproxy: [], health: [80, 443], settings: [] },
  });
});
