/** The files that the program writes below `ansible/inventory` for its stacks, in the lab as on Azure. */
import { globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Removes the files of the lab's stacks, which name the lab's SSH key. A stack on Azure that was brought up later has
 * files of the same names, and keeps them.
 */
export function removeInventories(directory: string, keyDirectory: string): void {
  for (const name of globSync("*.ssh_config", { cwd: directory })) {
    const sshConfig = join(directory, name);
    if (!readFileSync(sshConfig, "utf8").includes(`IdentityFile "${join(keyDirectory, "/")}`)) continue;
    const stack = name.slice(0, -".ssh_config".length);
    // The file that names the key goes last.
    for (const file of [`${stack}.yml`, `${stack}.known_hosts`]) rmSync(join(directory, file), { force: true });
    rmSync(sshConfig);
  }
}
