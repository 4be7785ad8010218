/** The machines of an environment: members of its scale sets with the group and the name that Ansible knows them by. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Member } from "../azure/members.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";
import type { Plan } from "../environment/plan.ts";
import { buildInventory, renderInventory } from "../inventory/inventory.ts";
import type { VaultAccess } from "../inventory/vaultAccess.ts";
import { paths } from "./paths.ts";

/** A group of machines and the scale sets that hold them. */
export interface Group {
  machines: MachineGroup;
  /** Resource IDs. */
  scaleSetIds: readonly string[];
  /** Resource ID of the identity that the machines have. */
  identityId: string;
}

/** A machine with its group and its name in the inventory. */
export interface Machine extends Member {
  group: MachineGroup;
  identityId: string;
  inventoryName: string;
}

/** What is not in the files. */
export interface Missing {
  /** As in the stack's file. */
  tier: string;
  kind: string;
  /** A scale set that lacks machines, or a machine without host keys. */
  why: string;
}

/** The group that has a scale set. */
export const groupOf = <G extends Group>(groups: readonly G[], scaleSetId: string): G | undefined =>
  groups.find(({ scaleSetIds }) => scaleSetIds.some((id) => id.toLowerCase() === scaleSetId));

/**
 * Gives every member its group, and a name that no other machine has: the stack's name is a part of it, so that the
 * inventories of several stacks can be used together.
 */
export function nameMachines(stack: string, members: readonly Member[], groups: readonly Group[]): Machine[] {
  return members.flatMap((member) => {
    const group = groupOf(groups, member.scaleSetId);
    const alone = members.filter(({ hostName }) => hostName === member.hostName).length === 1;
    const name = alone ? member.hostName : member.name;
    if (!group) return [];
    const { machines, identityId } = group;
    return [{ ...member, group: machines, identityId, inventoryName: `${name}.${stack}` }];
  });
}

/** The inventory of an environment as YAML. */
export function inventoryText(plan: Plan, machines: readonly Machine[], access: VaultAccess): string {
  const named = machines.map(({ group, inventoryName, address }) => ({
    name: inventoryName,
    group,
    connection: { ansible_host: address },
  }));
  return renderInventory(
    buildInventory(
      plan,
      named,
      {
        ansible_user: plan.administrators.user,
        // Jump host and verified host keys, the same for people as for Ansible.
        ansible_ssh_common_args: `-F "{{ inventory_dir }}/${basename(paths(plan.stack).sshConfig)}"`,
      },
      access,
    ),
  );
}

/** What scripts are told of the machines, sorted by name: `bin/inventory --json`. Keys are added, and none is renamed. */
export function machinesAsJson(
  { stack, environment }: Pick<Plan, "stack" | "environment">,
  machines: readonly Machine[],
  missing: readonly Missing[],
) {
  const told = machines.map(({ inventoryName, address, id, group: { kind, tier, applications } }) => ({
    name: inventoryName,
    address,
    kind,
    tier,
    applications: applications.map(({ name }) => name).sort(),
    id,
  }));
  return { stack, environment, machines: told.sort((a, b) => (a.name < b.name ? -1 : 1)), missing };
}

/** What machines there are: changes when one is made, replaced or removed. */
export function identities(machines: readonly Machine[]): string[] {
  return machines.map(({ id }) => id).sort();
}

/** Hashes of what a run of Ansible depends on. They are apart since only one of them is approved before an apply. */
export interface RunHashes {
  /** What the program says: the files of `ansible/`, and the inventory's groups and variables. */
  content: string;
  /** The inventory with the machines that stand. */
  machines: string;
}

export function hashesOf(plan: Plan, machines: readonly Machine[], access: VaultAccess, treeHash: string): RunHashes {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  return {
    content: hash(`${treeHash}\n${inventoryText(plan, [], access)}`),
    machines: hash(inventoryText(plan, machines, access)),
  };
}
