/** The rights of the machines' identities, where they count. */
import * as pulumi from "@pulumi/pulumi";
import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import { guidOf } from "../environment/guid.ts";
import { roleIds } from "../environment/rights.ts";

/** What a right is made of. */
export interface RightArgs {
  role: keyof typeof roleIds;
  /** Resource ID of that to which the right is limited. */
  scope: pulumi.Output<string>;
  /** Object ID of the identity. */
  principalId: pulumi.Input<string>;
}

/** Gives an identity a role. Taken away with what it is for; machines that stand keep what they have. */
export function assignRole(
  name: string,
  { role, scope, principalId }: RightArgs,
  opts: pulumi.CustomResourceOptions,
): RoleAssignment {
  const subscription = scope.apply((id) => id.split("/").slice(0, 3).join("/"));
  return new RoleAssignment(
    name,
    {
      // Another identity has another assignment: Azure takes no change of whose one is.
      roleAssignmentName: pulumi.all([scope, principalId]).apply((parts) => guidOf(...parts, roleIds[role])),
      scope,
      principalId,
      // Without it Azure looks for an identity that it may not know yet.
      principalType: "ServicePrincipal",
      roleDefinitionId: pulumi.interpolate`${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleIds[role]}`,
    },
    { ...opts, protect: false },
  );
}

/** What is wrong with identities and their object IDs, for a component that gives them rights. */
export function unknownPrincipals(
  identities: readonly { group: string }[],
  principalIds: Readonly<Record<string, unknown>>,
): string[] {
  return identities.map(({ group }) => group).filter((group) => !(group in principalIds));
}
