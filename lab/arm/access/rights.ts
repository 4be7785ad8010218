/** What a principal may do: role assignments at the scope and above, and the deployer's ownership. */
import type { Context } from "../context.ts";
import { keyOf } from "../ids.ts";
import { isDenied, limitsOf } from "../limits.ts";
import { isLive, type Resource } from "../resource.ts";
import { types } from "../typeNames.ts";
import { roleDefinitionOf } from "./customRoles.ts";
import { fitsPattern } from "./patterns.ts";
import { isDeployer, isKnown } from "./principals.ts";
import type { RoleDefinition } from "./roleDefinitions.ts";

/** Stored of a role assignment; its scope is in its ID. */
export interface AssignmentBody {
  properties: { principalId: string; principalType?: string; roleDefinitionId: string; description?: string };
}

/** `{scope}/providers/Microsoft.Authorization/roleAssignments/{name}`, or any other extension, without its last part. */
export const scopeOfExtension = (id: string): string => id.slice(0, keyOf(id).lastIndexOf("/providers/"));

/** Whether `scope` is `above` or lies in it. */
export const isWithin = (scope: string, above: string): boolean => `${keyOf(scope)}/`.startsWith(`${keyOf(above)}/`);

/** Roles that are assigned to the principal at the scope or above, as far as that is known everywhere. */
export function rolesOf(context: Context, principalId: string, scope: string): RoleDefinition[] {
  const counts = ({ id, body, computed }: Resource<AssignmentBody>): boolean =>
    body.properties.principalId.toLowerCase() === principalId.toLowerCase() &&
    isWithin(scope, scopeOfExtension(id)) &&
    isKnown(computed.assigned!.at, context);
  return context.store
    .ofType<AssignmentBody>(types.roleAssignment)
    .filter(isLive)
    .filter(counts)
    .flatMap(({ body }) => roleDefinitionOf(body.properties.roleDefinitionId, context) ?? []);
}

/**
 * Whether the principal may do it. `operation` is named as in roles, for example
 * `Microsoft.KeyVault/vaults/secrets/getSecret/action`; `scope` is the ID of what it is done to.
 */
export function mayAct(
  context: Context,
  principalId: string,
  kind: "action" | "dataAction",
  operation: string,
  scope: string,
): boolean {
  const { store, options } = context;
  if (kind === "action" && isDeployer(principalId, options)) return !isDenied(limitsOf(store), operation);
  const fits = (patterns: readonly string[] = []): boolean =>
    patterns.some((pattern) => fitsPattern(pattern, operation));
  return rolesOf(context, principalId, scope).some((role) =>
    kind === "action" ? fits(role.actions) && !fits(role.notActions) : fits(role.dataActions),
  );
}
