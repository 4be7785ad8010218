/**
 * Puts machines that stand into the load balancer pools of their group. Those that are born from a scale set that names
 * them are in them already; members of a Flexible scale set keep the pools that they were born into.
 */
import type { Arm } from "./arm.ts";
import { changeEach } from "./memberChanges.ts";
import { primaryOf, type Member } from "./members.ts";

/** A machine and the pools in which it should be, and in no others. */
export interface PoolMember {
  machine: Pick<Member, "name" | "networkInterface" | "poolIds">;
  /** Resource IDs. */
  poolIds: readonly string[];
}

/** Actions that moving a machine takes. */
const rights =
  "Microsoft.Network/networkInterfaces/write, Microsoft.Network/virtualNetworks/subnets/join/action and " +
  "Microsoft.Network/loadBalancers/backendAddressPools/join/action";

/**
 * Moves the machines that are in other pools than they should be. Nothing is asked for those that are in theirs.
 *
 * @returns Names of the machines that were moved, and of those that Azure is busy with, for example repairs.
 * @throws Error that names every machine that Azure refused to move, and the rights that it takes.
 */
export async function joinPools(
  { network }: Pick<Arm, "network">,
  resourceGroup: string,
  members: readonly PoolMember[],
): Promise<{ moved: string[]; busy: string[] }> {
  const misplaced = members.filter(({ machine, poolIds }) => !isSame(machine.poolIds, poolIds));
  const { done, busy, refused } = await changeEach(
    misplaced,
    async ({ machine: { networkInterface }, poolIds }) => {
      const current = await network.networkInterfaces.get(resourceGroup, networkInterface);
      const configuration = primaryOf(current.ipConfigurations);
      if (!configuration) throw new Error(`${networkInterface} has no IP configuration`);
      configuration.loadBalancerBackendAddressPools = poolIds.map((id) => ({ id }));
      await network.networkInterfaces.createOrUpdate(resourceGroup, networkInterface, current, {
        // A repair may delete it meanwhile: without the condition it would be made again, and belong to nobody.
        requestOptions: { headers: { "If-Match": current.etag ?? "*" } },
      });
    },
    ({ machine }) => machine.name,
  );
  if (refused.length > 0) {
    throw new Error(
      `machines were not moved to the load balancers that the stack's file asks for; Ansible did not run. It takes the ` +
        `rights ${rights}, for example by the role Contributor. Then run pulumi up again.\n${refused.join("\n")}`,
    );
  }
  return { moved: done, busy };
}

/** ARM spells the same ID in different cases. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  const [a, b] = [one, other].map((ids) => ids.map((id) => id.toLowerCase()).sort());
  return a?.join(" ") === b?.join(" ");
}

/** What is told of machines that Azure is busy with. */
export function withoutPools(busy: readonly string[]): string {
  return (
    `Azure works on ${busy.join(", ")} and did not change the load balancers in front: until the next pulumi up ` +
    "nothing new reaches them there, and a load balancer that is no longer wanted may not go"
  );
}
