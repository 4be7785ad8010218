/** The file by which SSH verifies the machines: `<stack>.known_hosts`. Pure. */

/** A machine and what SSH must know of it. */
export interface SshMachine {
  /** Unique ID of the machine; another one after it was replaced. */
  id: string;
  /** Name in the inventory. */
  name: string;
  /** Private address. */
  address: string;
  /** Public host keys: type and key, as in `ssh-ed25519 AAAA...`. */
  hostKeys: string[];
  /** Address at which a load balancer hands connections to it, where there is one: of jump hosts. */
  jumpAddress?: string | undefined;
}

/** Order of machines in files. */
export const byName = (a: SshMachine, b: SshMachine) => (a.name < b.name ? -1 : 1);

/**
 * known_hosts of machines. An address of jump hosts carries the keys of all of them: the load balancer may hand a
 * connection to any.
 */
export function renderKnownHosts(machines: readonly SshMachine[]): string {
  const lines = [...machines]
    .sort(byName)
    .flatMap(({ id, name, address, hostKeys, jumpAddress }) => [
      `# ${id} ${name}`,
      ...[...hostKeys]
        .sort()
        .map((key) => `${jumpAddress === undefined ? address : `${address},${jumpAddress}`} ${key}`),
    ]);
  return `${lines.join("\n")}\n`;
}

/** Host keys by machine ID, from what `renderKnownHosts` wrote. */
export function parseKnownHosts(text: string): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split("\n")) {
    const heading = /^# (\S+) \S+$/.exec(line);
    if (heading?.[1] !== undefined) keys.set(heading[1], (current = []));
    else if (line !== "" && !line.startsWith("#")) current.push(line.slice(line.indexOf(" ") + 1));
  }
  return keys;
}
