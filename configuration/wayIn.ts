/** The way in to an environment's machines: by its own public address, or through the reverse proxies of its entry. */
import type { Arm } from "../azure/arm.ts";
import { listMembers, type Member } from "../azure/members.ts";
import { resourceName } from "../environment/names.ts";
import type { Plan } from "../environment/plan.ts";

/** What SSH passes before it reaches a machine. */
export interface WayIn {
  /** From outside: a public address, and behind an entry the internal one of the environment's own jump hosts. */
  jumps: string[];
  /** The jump hosts behind the first address, where they are the entry's. */
  entry?: Entry;
}

/** Another environment whose reverse proxies are the first jump hosts. */
export interface Entry {
  stack: string;
  resourceGroup: string;
  jumpHosts: Member[];
}

/** Why there is no way in yet. */
export interface Closed {
  closed: string;
}

type Way = Pick<Plan, "stack" | "reverseProxy">;

/**
 * The way through an environment's entry, as Azure has it now. There is none before the entry's stack has peered the two
 * networks.
 *
 * @throws Error where Azure does not tell.
 */
export async function wayThroughEntry(arm: Arm, { stack, reverseProxy }: Way): Promise<WayIn | Closed> {
  const { entry, internalAddress, name } = reverseProxy;
  if (!entry || internalAddress === undefined) return { closed: "no other environment forwards to it" };
  const resourceGroup = resourceName("resourceGroup", entry.stack);
  const addressName = resourceName("publicAddress", entry.stack);
  try {
    const address = await ifThere(arm.network.publicIPAddresses.get(resourceGroup, addressName));
    if (address?.ipAddress === undefined) return { closed: `${resourceGroup} has no public address ${addressName}` };
    if (!(await ifThere(isPeered(arm, stack, entry.stack))))
      return { closed: `the network of ${entry.environment} is not peered with this one` };
    const set = resourceName("scaleSet", entry.stack, name);
    const { members } = await listMembers(arm, resourceGroup);
    const jumpHosts = members.filter(({ scaleSetId }) => {
      const own = scaleSetId.split("/").at(-1) ?? "";
      return own === set || own.startsWith(`${set}-zone`);
    });
    if (jumpHosts.length === 0) return { closed: `${resourceGroup} has no machines of ${set}` };
    const { ipAddress } = address;
    return { jumps: [ipAddress, internalAddress], entry: { stack: entry.stack, resourceGroup, jumpHosts } };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 403) throw error;
    throw new Error(
      `stack ${stack} is reached through the jump hosts of ${entry.environment}, and this login may not read ` +
        `${resourceGroup}: give it there what it has in ${resourceName("resourceGroup", stack)} ` +
        `(docs/access.md).\n  ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Whether what passes from one network reaches the other. */
async function isPeered({ network }: Arm, stack: string, other: string): Promise<boolean> {
  const [here, there] = [stack, other].map((one) => resourceName("virtualNetwork", one));
  const remote = `/${resourceName("resourceGroup", other)}/providers/microsoft.network/virtualnetworks/${there}`;
  for await (const peering of network.virtualNetworkPeerings.list(resourceName("resourceGroup", stack), here ?? "")) {
    const isOther = peering.remoteVirtualNetwork?.id?.toLowerCase().endsWith(remote.toLowerCase());
    if (isOther && peering.peeringState === "Connected") return true;
  }
  return false;
}

/** Undefined for what Azure does not have. */
export async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** What is told where machines cannot be reached yet, with the commands that change it. */
export function withoutWayIn({ stack, reverseProxy: { entry } }: Way, { closed }: Closed): string {
  const [name, first] = entry
    ? [`${entry.environment} (stack ${entry.stack})`, `pulumi up --stack ${entry.stack}, and then `]
    : ["an entry", "Name it in reverseProxy.forwards of another environment, run that one's pulumi up, and then "];
  return (
    `the machines of stack ${stack} are reached through ${name}, which does not stand yet: ${closed}. They have what they ` +
    `installed at their first boot, and Ansible was left out. Next: ${first}pulumi up --stack ${stack} again`
  );
}
