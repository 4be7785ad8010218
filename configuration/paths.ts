/** Where the program writes for Ansible and SSH. Pure. */

/** Paths, relative to the directory `ansible/`, of a stack's files. */
export function paths(stack: string) {
  return {
    inventory: `inventory/${stack}.yml`,
    knownHosts: `inventory/${stack}.known_hosts`,
    sshConfig: `inventory/${stack}.ssh_config`,
  };
}
