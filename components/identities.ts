/** The identities of the machines: as what they are known to Azure, without anything that could be stolen or expire. */
import * as pulumi from "@pulumi/pulumi";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
import { tags } from "../environment/names.ts";
import type { PlannedIdentity } from "../environment/plan.ts";
import { refuse, unless, type EnvironmentArgs } from "./args.ts";

/** What identities are made of. */
export interface IdentitiesArgs extends EnvironmentArgs {
  /** One for each group of machines. Names are fixed: a change makes another identity. */
  identities: Pick<PlannedIdentity, "group" | "name">[];
}

/** A user-assigned identity for each group of machines. By itself it may do nothing: rights are given where they count. */
export class Identities extends pulumi.ComponentResource {
  /** Client IDs by the groups' names: by these a machine says which of its identities it means. */
  readonly clientIds: Record<string, pulumi.Output<string>>;
  /** Object IDs by the groups' names: to these rights are given. */
  readonly principalIds: Record<string, pulumi.Output<string>>;
  /** The identities by the groups' names. */
  readonly nodes: { identities: Record<string, UserAssignedIdentity> };

  constructor(name: string, args: IdentitiesArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("Identities", name, mistakesOf(args));
    super("platform:components:Identities", name, {}, opts);
    const made = args.identities.map(
      (identity) =>
        [
          identity.group,
          new UserAssignedIdentity(
            `${name}-${identity.group}`,
            {
              resourceName: identity.name,
              resourceGroupName: args.resourceGroupName,
              tags: tags(args.environment, identity.group),
            },
            { parent: this },
          ),
        ] as const,
    );
    this.nodes = { identities: Object.fromEntries(made) };
    this.principalIds = Object.fromEntries(made.map(([group, { principalId }]) => [group, principalId]));
    this.clientIds = Object.fromEntries(made.map(([group, { clientId }]) => [group, clientId]));
    this.registerOutputs({ clientIds: this.clientIds });
  }

  /** The identity of a group. */
  of(group: string): UserAssignedIdentity {
    const { identities } = this.nodes;
    const identity = identities[group];
    if (!identity) throw new RangeError(`identity: given ${group}, allowed are ${Object.keys(identities).join(", ")}`);
    return identity;
  }
}

function mistakesOf({ identities }: IdentitiesArgs) {
  const groups = identities.map(({ group }) => group);
  return unless(new Set(groups).size === groups.length, "identities", groups.join(", "), "each group of machines once");
}
