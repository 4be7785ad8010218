/** The file by which SSH reaches the machines: `<stack>.ssh_config`. Pure. */
import { byName, type SshMachine } from "./knownHosts.ts";

/** What SSH must know besides the machines. */
export interface SshConfig {
  stack: string;
  user: string;
  /** Addresses of jump hosts on the way to a machine, in their order from outside. */
  jumps: readonly string[];
  /** Absolute path of the known_hosts file. SSH would look up a relative one from wherever it is started. */
  knownHosts: string;
  /** Private key file. Undefined: the agent and SSH's own default files. */
  identityFile: string | undefined;
}

/**
 * SSH configuration for Ansible and for people. It is a file since options on the command line do not reach the
 * connections to the jump hosts.
 */
export function renderSshConfig(machines: readonly SshMachine[], config: SshConfig): string {
  const sorted = [...machines].sort(byName);
  const identity =
    config.identityFile === undefined ? [] : [`  IdentityFile "${config.identityFile}"`, "  IdentitiesOnly yes"];
  return [
    `# Written by pulumi up and bin/inventory for stack ${config.stack}. From the project's root:`,
    `# ssh -F ansible/inventory/${config.stack}.ssh_config <machine>`,
    ...sorted.flatMap(({ name, address }) => [`Host ${name}`, `  HostName ${address}`]),
    ...(sorted.length === 0
      ? []
      : [
          `Host ${sorted.flatMap(({ name, address }) => [name, address]).join(" ")}`,
          `  ProxyJump ${config.jumps.join()}`,
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
