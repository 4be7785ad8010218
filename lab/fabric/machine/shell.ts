/** Shell scripts in a machine, started from the host without the machine's help. */
import { run } from "../host.ts";

/**
 * Runs a script as root in some of the machine's namespaces.
 *
 * @param init The machine's init, as the host knows it.
 */
export async function runInMachine(
  init: number,
  namespaces: readonly ("mount" | "uts" | "ipc" | "net" | "pid")[],
  script: string,
): Promise<void> {
  const entered = namespaces.map((namespace) => `--${namespace}`);
  await run(["nsenter", `--target=${init}`, ...entered, "--wd=/", "--", "/bin/sh", "-c", script], {
    timeoutSeconds: 20,
  });
}
