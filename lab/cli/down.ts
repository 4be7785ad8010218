/** Removes everything that the lab made on this machine, whatever state it is in; caches are kept. */
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { restoreLimits } from "../fabric/hostLimits.ts";
import { Machines } from "../fabric/machines.ts";
import { Networks } from "../fabric/networks.ts";
import { daemonPid, root, stateDir } from "../paths.ts";
import { stopDaemon } from "./daemon.ts";
import { removeInventories } from "./inventories.ts";

export async function down(): Promise<void> {
  const lock = await stopDaemon();
  await new Machines({ stateDir, caFile: join(stateDir, "tls", "ca.pem"), log: console.error }).removeAll();
  await new Networks({ stateDir, log: console.error }).removeAll();
  restoreLimits({ stateDir, log: console.error });
  removeInventories(join(root, "ansible", "inventory"), join(stateDir, "ssh"));
  removeState(stateDir, basename(daemonPid));
  lock.release();
}

/**
 * Removes the directory. The locked file goes last: as soon as it is gone, another lab may begin in the same directory,
 * and keeps what it makes there.
 */
export function removeState(directory: string, locked: string): void {
  for (const name of readdirSync(directory)) {
    if (name !== locked) rmSync(join(directory, name), { recursive: true, force: true });
  }
  rmSync(join(directory, locked), { force: true });
  try {
    rmdirSync(directory);
  } catch (error) {
    if (existsSync(directory) && (error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
  }
}
