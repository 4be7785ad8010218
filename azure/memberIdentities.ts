/**
 * Gives machines that stand the identity of their group. Those that are born from a scale set that has it have it
 * already; members of a Flexible scale set do not get what it is given later.
 */
import type { Arm } from "./arm.ts";
import { changeEach } from "./memberChanges.ts";
import type { Member } from "./members.ts";

/** A machine and the identity that it should have. */
export interface Bearer {
  machine: Pick<Member, "name" | "identities" | "hasSystemIdentity">;
  /** Resource ID. */
  identityId: string;
}

/** Actions that giving a machine an identity takes. */
const rights =
  "Microsoft.Compute/virtualMachines/write and Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";

/**
 * Adds each identity to those that its machine has. Nothing is asked for machines that have theirs.
 *
 * @returns Names of the machines that were given one, and of those that Azure is busy with, for example repairs.
 * @throws Error that names every machine that Azure refused one, and the rights that it takes.
 */
export async function giveIdentities(
  { compute }: Pick<Arm, "compute">,
  resourceGroup: string,
  bearers: readonly Bearer[],
): Promise<{ given: string[]; busy: string[] }> {
  // ARM spells the same ID in different cases.
  const lacking = bearers.filter(
    ({ machine, identityId }) => !machine.identities.some((id) => id.toLowerCase() === identityId.toLowerCase()),
  );
  const { done, busy, refused } = await changeEach(
    lacking,
    ({ machine, identityId }) =>
      compute.virtualMachines.update(resourceGroup, machine.name, {
        identity: {
          type: machine.hasSystemIdentity ? "SystemAssigned, UserAssigned" : "UserAssigned",
          // A PATCH leaves those that it does not name.
          userAssignedIdentities: { [identityId]: {} },
        },
      }),
    ({ machine, identityId }) => `${machine.name}, ${identityId.split("/").at(-1)}`,
  );
  if (refused.length > 0) {
    throw new Error(
      `machines were not given the identity by which they read their secrets; Ansible did not run. It takes the rights ` +
        `${rights}, for example by the role Contributor. Then run pulumi up again.\n${refused.join("\n")}`,
    );
  }
  return { given: done, busy };
}

/** What is told of machines that Azure is busy with. */
export function withoutIdentities(busy: readonly string[]): string {
  return `Azure works on ${busy.join(", ")} and gave no identity: secrets are not read there until the next pulumi up`;
}
