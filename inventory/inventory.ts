/**
 * The Ansible inventory of an environment, from its plan and its machines. Pure.
 *
 * Values stand at groups of this environment only, never at `all` or at a kind: inventories of several environments can
 * be used together, and each machine keeps the values of its own.
 */
import { dump, YAML11_SCHEMA } from "js-yaml";
import { ansibleGroup, groupInEnvironment, unreachedGroup } from "../environment/groupNames.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";
import { machineGroups, type Plan } from "../environment/plan.ts";
import { environmentVariables, groupVariables } from "./variables.ts";
import type { VaultAccess } from "./vaultAccess.ts";

/** A machine as the inventory names it. */
export interface InventoryMachine {
  /** Unique in all environments. */
  name: string;
  group: MachineGroup;
  /** How Ansible reaches the machine: variables such as `ansible_host`. */
  connection: Record<string, unknown>;
}

interface Group {
  hosts?: Record<string, Record<string, unknown>>;
  children?: Record<string, Record<string, never>>;
  vars?: Record<string, unknown>;
}

/** What Ansible reads: https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html */
export interface Inventory {
  all: { children: Record<string, Group> };
}

/** Names of the groups that a group's machines are in: by environment, by kind, by both, and by environment and tier. */
export function groupNames(plan: Plan, { name, kind }: MachineGroup): string[] {
  const inEnvironment = [kind, name].map((one) => groupInEnvironment(one, plan.environment));
  return [...new Set([ansibleGroup(plan.environment), ansibleGroup(kind), ...inEnvironment])];
}

/**
 * The inventory as a plain object. Every kind has its groups, also while it has no machine, so that a playbook for it
 * finds its group.
 *
 * @param connection How Ansible reaches all machines: variables such as `ansible_user`.
 */
export function buildInventory(
  plan: Plan,
  machines: readonly InventoryMachine[],
  connection: Record<string, unknown>,
  access: VaultAccess,
): Inventory {
  const children: Record<string, Group> = {
    [ansibleGroup(plan.environment)]: {
      hosts: Object.fromEntries(machines.map(({ name, connection: own }) => [name, own])),
      vars: { ...environmentVariables(plan, access), ...connection },
    },
    // Runs fill it: a playbook that leaves out a group which nobody names would warn.
    [unreachedGroup]: {},
  };
  for (const group of machineGroups(plan)) {
    const [kind, kindHere, here] = [
      ansibleGroup(group.kind),
      groupInEnvironment(group.kind, plan.environment),
      groupInEnvironment(group.name, plan.environment),
    ];
    addChild(children, kind, kindHere);
    if (here !== kindHere) addChild(children, kindHere, here);
    const members = machines.filter((machine) => machine.group.name === group.name);
    children[here] = {
      ...children[here],
      hosts: Object.fromEntries(members.map(({ name }) => [name, {}])),
      vars: groupVariables(plan, group, access),
    };
  }
  return { all: { children } };
}

function addChild(groups: Record<string, Group>, parent: string, child: string): void {
  const group = (groups[parent] ??= {});
  group.children = { ...group.children, [child]: {} };
}

/** As YAML, keys sorted. Ansible reads YAML 1.1, in which `yes` and `1:30` are no strings: such strings are quoted. */
export function renderInventory(inventory: Inventory): string {
  return dump(inventory, { sortKeys: true, lineWidth: -1, noRefs: true, schema: YAML11_SCHEMA });
}
