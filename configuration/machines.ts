/** From the scale sets of an environment to the files with which Ansible and SSH reach their machines. */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { MachineGroup, Plan } from "../environment/plan.ts";
import { buildInventory, renderInventory } from "./inventory.ts";
import { parseKnownHosts, renderKnownHosts, renderSshConfig, type SshMachine } from "./knownHosts.ts";
import type { Member } from "./members.ts";

/** A group of machines and the scale set that holds them. */
export interface Group {
  machines: MachineGroup;
  /** Resource ID. */
  scaleSetId: string;
}

/** A machine with its group and its name in the inventory. */
export interface Machine extends Member {
  group: MachineGroup;
  inventoryName: string;
}

/** Gives every member its group, and a name that no other has. */
export function nameMachines(members: readonly Member[], groups: readonly Group[]): Machine[] {
  return members.flatMap((member) => {
    const group = groups.find(({ scaleSetId }) => scaleSetId.toLowerCase() === member.scaleSetId)?.machines;
    const alone = members.filter(({ hostName }) => hostName === member.hostName).length === 1;
    return group ? [{ ...member, group, inventoryName: alone ? member.hostName : member.name }] : [];
  });
}

/** Paths, relative to the directory `ansible/`, of what the program writes there. */
export function paths(stack: string) {
  return {
    inventory: `inventory/${stack}.yml`,
    knownHosts: `inventory/${stack}.known_hosts`,
    sshConfig: `inventory/${stack}.ssh_config`,
  };
}

/** The inventory of an environment as YAML. */
export function inventoryText(plan: Plan, machines: readonly Machine[]): string {
  return renderInventory(
    buildInventory(
      plan,
      machines.map(({ group, inventoryName, address }) => ({
        name: inventoryName,
        group,
        connection: { ansible_host: address },
      })),
      {
        ansible_user: plan.administrators.user,
        // Jump host and verified host keys, the same for people as for Ansible.
        ansible_ssh_common_args: `-F "{{ inventory_dir }}/${plan.stack}.ssh_config"`,
      },
    ),
  );
}

/** Identity of the machines: changes when one is made, replaced or removed. */
export function identities(machines: readonly Machine[]): string[] {
  return machines.map(({ id }) => id).sort();
}

/** Hash of what a run of Ansible depends on besides the machines themselves. */
export function contentHash(inventory: string, treeHash: string): string {
  return createHash("sha256").update(`${treeHash}\n${inventory}`).digest("hex");
}

/** Host keys that an earlier run wrote, by machine ID. */
export function earlierHostKeys(ansible: string, stack: string): Map<string, string[]> {
  try {
    return parseKnownHosts(readFileSync(join(ansible, paths(stack).knownHosts), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
}

/** Writes inventory, known_hosts and SSH configuration below `ansible/`. */
export function writeFiles(
  ansible: string,
  plan: Plan,
  machines: readonly Machine[],
  hostKeys: ReadonlyMap<string, string[]>,
  publicAddress: string,
): void {
  const files = paths(plan.stack);
  const ssh = machines.map(({ id, inventoryName, address, group }): SshMachine => ({
    id,
    name: inventoryName,
    address,
    hostKeys: hostKeys.get(id) ?? [],
    jumpHost: group.kind === plan.reverseProxy.kind,
  }));
  write(join(ansible, files.inventory), inventoryText(plan, machines));
  write(join(ansible, files.knownHosts), renderKnownHosts(ssh, publicAddress));
  write(
    join(ansible, files.sshConfig),
    renderSshConfig(ssh, {
      stack: plan.stack,
      user: plan.administrators.user,
      publicAddress,
      knownHosts: resolve(ansible, files.knownHosts),
      identityFile: plan.administrators.identityFile,
    }),
  );
}

/** Replaces a file at once: a run by hand may be reading it. */
function write(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
