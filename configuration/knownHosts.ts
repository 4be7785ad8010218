/** The files by which SSH verifies and reaches the machines: `<stack>.known_hosts` and `<stack>.ssh_config`. Pure. */

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
  /** True for the machines behind the public address. */
  jumpHost: boolean;
}

const byName = (a: SshMachine, b: SshMachine) => (a.name < b.name ? -1 : 1);

/**
 * known_hosts of an environment. The public address carries the keys of all jump hosts: the load balancer may hand a
 * connection to any of them.
 */
export function renderKnownHosts(machines: readonly SshMachine[], publicAddress: string): string {
  const lines = [...machines]
    .sort(byName)
    .flatMap(({ id, name, address, hostKeys, jumpHost }) => [
      `# ${id} ${name}`,
      ...[...hostKeys].sort().map((key) => `${jumpHost ? `${address},${publicAddress}` : address} ${key}`),
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

export interface SshConfig {
  stack: string;
  user: string;
  publicAddress: string;
  /** Absolute path of the known_hosts file. SSH would look up a relative one from wherever it is started. */
  knownHosts: string;
  /** Private key file. Undefined: the agent and SSH's own default files. */
  identityFile: string | undefined;
}

/**
 * SSH configuration for Ansible and for people. It is a file since options on the command line do not reach the
 * connection to the jump host.
 */
export function renderSshConfig(machines: readonly SshMachine[], config: SshConfig): string {
  const sorted = [...machines].sort(byName);
  const identity =
    config.identityFile === undefined ? [] : [`  IdentityFile "${config.identityFile}"`, "  IdentitiesOnly yes"];
  return [
    `# Written by pulumi up of stack ${config.stack}. From the project's root:`,
    `# ssh -F ansible/inventory/${config.stack}.ssh_config <machine>`,
    ...sorted.flatMap(({ name, address }) => [`Host ${name}`, `  HostName ${address}`]),
    ...(sorted.length === 0
      ? []
      : [
          `Host ${sorted.flatMap(({ name, address }) => [name, address]).join(" ")}`,
          `  ProxyJump ${config.publicAddress}`,
        ]),
    "Host *",
    `  User ${config.user}`,
    `  UserKnownHostsFile "${config.knownHosts}"`,
    "  GlobalKnownHostsFile /dev/null",
    "  StrictHostKeyChecking yes",
    // Azure's load balancer and NAT forget a connection that is idle for four minutes.
    "  ServerAliveInterval 30",
    ...identity,
    "",
  ].join("\n");
}
