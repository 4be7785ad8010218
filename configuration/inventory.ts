/** The Ansible inventory of an environment, from its plan and its machines. Pure. */
import { dump, YAML11_SCHEMA } from "js-yaml";
import { ansibleGroup } from "../environment/names.ts";
import { machineGroups, type MachineGroup, type Plan } from "../environment/plan.ts";
import { kindVariables, machineVariables, sharedVariables } from "./variables.ts";

/** A machine as the inventory names it. */
export interface InventoryMachine {
  /** Unique in the environment. */
  name: string;
  group: MachineGroup;
  /** How Ansible reaches the machine: variables such as `ansible_host`. */
  connection: Record<string, unknown>;
}

interface Group {
  hosts: Record<string, Record<string, unknown>>;
  vars?: Record<string, unknown>;
}

export interface Inventory {
  all: {
    hosts: Record<string, Record<string, unknown>>;
    vars: Record<string, unknown>;
    children: Record<string, Group>;
  };
}

/** Names of the groups of which a machine of this kind is a member: by environment, by kind and by both. */
export function groupNames(plan: Plan, kind: string): string[] {
  const group = ansibleGroup(kind);
  return [plan.environment, group, `${group}_${plan.environment}`];
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
): Inventory {
  const children: Record<string, Group> = {};
  for (const group of machineGroups(plan)) {
    const members = machines.filter((machine) => machine.group.name === group.name);
    for (const name of groupNames(plan, group.kind)) {
      const child = (children[name] ??= { hosts: {} });
      for (const machine of members) child.hosts[machine.name] = {};
    }
    const kind = children[ansibleGroup(group.kind)];
    if (kind) kind.vars = kindVariables(plan, group.kind, group);
  }
  return {
    all: {
      hosts: Object.fromEntries(
        machines.map(({ name, group, connection: own }) => [name, { ...own, ...machineVariables(group) }]),
      ),
      vars: { ...sharedVariables(plan), ...connection },
      children,
    },
  };
}

/** As YAML, keys sorted. Ansible reads YAML 1.1, in which `yes` and `1:30` are no texts: such texts are quoted. */
export function renderInventory(inventory: Inventory): string {
  return dump(inventory, { sortKeys: true, lineWidth: -1, noRefs: true, schema: YAML11_SCHEMA });
}
