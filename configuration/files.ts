/** The files below `ansible/` with which Ansible and SSH reach an environment's machines. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Plan } from "../environment/plan.ts";
import type { VaultAccess } from "../inventory/vaultAccess.ts";
import { parseKnownHosts, renderKnownHosts, type SshMachine } from "./knownHosts.ts";
import { inventoryText, type Machine } from "./machines.ts";
import { paths } from "./paths.ts";
import { renderSshConfig } from "./sshConfig.ts";
import type { WayIn } from "./wayIn.ts";

/** Host keys that an earlier run wrote, by machine ID. */
export function earlierHostKeys(ansible: string, stack: string): Map<string, string[]> {
  try {
    return parseKnownHosts(readFileSync(join(ansible, paths(stack).knownHosts), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
}

/**
 * Writes inventory, known_hosts and SSH configuration below `ansible/`.
 *
 * @param hostKeys By machine ID, of an entry's jump hosts too.
 */
export function writeFiles(
  ansible: string,
  plan: Plan,
  machines: readonly Machine[],
  hostKeys: ReadonlyMap<string, string[]>,
  way: WayIn,
  access: VaultAccess,
): void {
  const files = paths(plan.stack);
  const ssh = machines.map(({ id, inventoryName, address, group }): SshMachine => ({
    id,
    name: inventoryName,
    address,
    hostKeys: hostKeys.get(id) ?? [],
    jumpAddress: group.kind === plan.reverseProxy.kind ? way.jumps.at(-1) : undefined,
  }));
  // They are verified, and are no machines of this environment.
  const ofEntry = (way.entry?.jumpHosts ?? []).map(({ id, hostName, address }): SshMachine => ({
    id,
    name: `${hostName}.${way.entry?.stack}`,
    address,
    hostKeys: hostKeys.get(id) ?? [],
    jumpAddress: way.jumps[0],
  }));
  write(join(ansible, files.inventory), inventoryText(plan, machines, access));
  write(join(ansible, files.knownHosts), renderKnownHosts([...ssh, ...ofEntry]));
  write(
    join(ansible, files.sshConfig),
    renderSshConfig(ssh, {
      stack: plan.stack,
      user: plan.administrators.user,
      jumps: way.jumps,
      knownHosts: resolve(ansible, files.knownHosts),
      identityFile: plan.administrators.identityFile,
    }),
  );
}

/**
 * Replaces a file at once: others may be reading it, and deployments of two applications write it at the same time. Ansible
 * does not take what a writer that was killed leaves for an inventory: its name begins with a dot.
 */
function write(path: string, content: string): void {
  const fresh = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  writeFileSync(fresh, content);
  renameSync(fresh, path);
}
