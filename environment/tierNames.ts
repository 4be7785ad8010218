/** Names that a tier cannot have, since they are those of something else. Pure. */

/** Playbooks that are of no kind of server: what all machines have in common, and all kinds together. */
export const sharedPlaybooks: readonly string[] = ["base", "site"];

/** Names that mean something else as an Ansible group, a subnet, a machine or a playbook. */
const reserved = [
  "all",
  "ungrouped",
  "localhost",
  "balancer",
  "reverse-proxy",
  "development",
  "production",
  "tools",
  ...sharedPlaybooks,
];

/** `front-production` is the inventory's group of front's machines in production, `back-balancer` back's balancers. */
const reservedEndings = ["-balancer", "-development", "-production", "-tools"];

/** What a tier may be called instead of this name; undefined when the name is free. */
export function allowedInsteadOf(name: string): string | undefined {
  if (reserved.includes(name)) return `a name other than ${reserved.join(", ")}`;
  return reservedEndings.some((ending) => name.endsWith(ending))
    ? `a name that does not end in ${reservedEndings.join(", ")}; groups of machines are called so`
    : undefined;
}
