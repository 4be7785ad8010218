/** Names of Ansible groups, and names that cannot be used because a group is called so. Pure. */

/** Playbooks that are of no kind of server: what all machines have in common, all kinds together, and both. */
export const sharedPlaybooks: readonly string[] = ["base", "environment", "site"];

/** Ansible's group of the machines that a run could not reach, which playbooks leave out. */
export const unreachedGroup = "unreached";

/** Names that mean something else as an Ansible group, a subnet, a machine or a playbook. */
const reserved = ["all", "ungrouped", "localhost", "balancer", "reverse-proxy", unreachedGroup, ...sharedPlaybooks];

/** `back-balancer` is the group of the HAProxy machines in front of the tier back. */
const balancerEnding = "-balancer";

/** Name of an Ansible group: what a variable may be called, so `machine-learning` is `machine_learning`. */
export function ansibleGroup(name: string): string {
  return name.replaceAll("-", "_");
}

/** The group of those machines of an environment that are of a kind, or of a tier: `front_production`. */
export function groupInEnvironment(name: string, environment: string): string {
  return ansibleGroup(`${name}-${environment}`);
}

/** What a tier may be called instead of this name; undefined when the name is free. */
export function allowedInsteadOf(tier: string): string | undefined {
  if (reserved.includes(tier)) return `a name other than ${reserved.join(", ")}`;
  return tier.endsWith(balancerEnding)
    ? `a name that does not end in ${balancerEnding}; groups of machines are called so`
    : undefined;
}

/**
 * What an environment may be called instead of this name; undefined when the name is free.
 *
 * @param tiers Names of its tiers: their groups must not be those of kinds either.
 */
export function allowedInsteadOfEnvironment(
  name: string,
  tiers: readonly string[],
  kinds: readonly string[],
): string | undefined {
  const taken = [...new Set([...reserved, ...kinds])];
  if (taken.includes(name)) return `a name other than ${taken.join(", ")}, which Ansible groups have`;
  const groups = groupsOfEnvironment(name, tiers, kinds);
  const kind = kinds.find((candidate) => groups.has(ansibleGroup(candidate)));
  return kind === undefined
    ? undefined
    : `a name that, behind a tier or a kind, does not make ${ansibleGroup(kind)}: that is the group of all ${kind} machines`;
}

/** All groups of which an environment's machines are the only members. */
export function groupsOfEnvironment(
  environment: string,
  tiers: readonly string[],
  kinds: readonly string[],
): ReadonlySet<string> {
  const names = [...kinds, ...tiers, ...tiers.map((tier) => `${tier}${balancerEnding}`)];
  return new Set([ansibleGroup(environment), ...names.map((name) => groupInEnvironment(name, environment))]);
}
