/** Microsoft.Authorization/roleAssignments: a role, a principal, and the scope that is in the assignment's ID. */
import { z } from "zod";
import type { Context } from "../context.ts";
import { ArmError, badRequest, conflict } from "../errors.ts";
import { keyOf, nameOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { choice, envelope, lacking, readOnly } from "../schema.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import { roleDefinitionOf } from "./customRoles.ts";
import { entryOf, isKnown } from "./principals.ts";
import { isWithin, scopeOfExtension, type AssignmentBody } from "./rights.ts";
import { roleDefinitionId, roleDefinitionMissing } from "./roleDefinitions.ts";

const assignmentBody: z.ZodType<AssignmentBody> = z.strictObject({
  ...envelope,
  properties: z.strictObject({
    principalId: z.string(),
    principalType: choice("ServicePrincipal", "User", "Group", "ForeignGroup", "Device").optional(),
    roleDefinitionId: z.string(),
    description: z.string().optional(),
    condition: lacking("conditions of role assignments"),
    conditionVersion: lacking("conditions of role assignments"),
    delegatedManagedIdentityResourceId: lacking("delegated identities"),
    ...readOnly("scope", "createdOn", "createdBy", "updatedOn", "updatedBy"),
  }),
});

const isGuid = (text: string): boolean => /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i.test(text);

export function checkAssignmentName(name: string): void {
  if (!isGuid(name))
    throw badRequest(
      "InvalidRoleAssignmentId",
      `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
    );
}

/** What an assignment gives to whom, and where; two that give the same are the same. */
const sense = (id: string, { properties }: AssignmentBody): string =>
  [scopeOfExtension(id), properties.principalId, nameOf(properties.roleDefinitionId)].join(" ").toLowerCase();

function prepare({ id, body, existing, computed }: Draft<AssignmentBody>, context: Context, by: string): void {
  const { principalId, roleDefinitionId: given } = body.properties;
  if (!isGuid(principalId))
    throw badRequest(
      "InvalidPrincipalId",
      `The Principal ID '${principalId}' is not valid. Principal ID must be a GUID.`,
    );
  const role = roleDefinitionOf(given, context);
  if (!role || !isKnown(role.made ?? 0, context)) throw roleDefinitionMissing(400, given);
  checkPrincipal(body, context);
  // The name of an assignment is unique in the tenant, and stands for one principal, role and scope.
  const others = context.store.ofType<AssignmentBody>(types.roleAssignment);
  if (others.some((one) => keyOf(one.name) === keyOf(nameOf(id)) && sense(one.id, one.body) !== sense(id, body)))
    throw badRequest(
      "RoleAssignmentUpdateNotPermitted",
      "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    );
  if (!existing && others.some((one) => sense(one.id, one.body) === sense(id, body)))
    throw conflict("RoleAssignmentExists", "The role assignment already exists.");
  computed.assigned ??= { at: context.nowMilliseconds(), by };
}

/** The lab has no directory of people: it takes those whose type is given. */
function checkPrincipal({ properties }: AssignmentBody, context: Context): void {
  const { principalId, principalType } = properties;
  const entry = entryOf(principalId, context);
  if (entry && principalType !== undefined && principalType !== "ServicePrincipal")
    throw badRequest(
      "UnmatchedPrincipalType",
      `The PrincipalId '${principalId.replaceAll("-", "")}' has type 'ServicePrincipal' , which is different from specified PrinciaplType '${principalType}'.`,
    );
  if (principalType !== undefined || (entry && isKnown(entry.made, context))) return;
  throw badRequest(
    "PrincipalNotFound",
    `Principal ${principalId.replaceAll("-", "")} does not exist in the directory ${context.options.tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
  );
}

function render({ id, body, created, computed }: Resource<AssignmentBody>, context: Context): object {
  const { principalId, principalType = "ServicePrincipal", description = null } = body.properties;
  const by = { createdBy: computed.assigned!.by, updatedBy: computed.assigned!.by };
  return {
    properties: {
      roleDefinitionId: roleDefinitionId(roleDefinitionOf(body.properties.roleDefinitionId, context)!, context.options),
      principalId,
      principalType,
      scope: scopeOfExtension(id),
      condition: null,
      conditionVersion: null,
      createdOn: created,
      updatedOn: created,
      ...by,
      delegatedManagedIdentityResourceId: null,
      description,
    },
  };
}

export const roleAssignments: ResourceType<AssignmentBody> = {
  type: types.roleAssignment,
  dialect: "authorization",
  apiVersions: (
    "2015-07-01 2018-01-01-preview 2018-09-01-preview 2020-04-01-preview 2020-08-01-preview 2020-10-01-preview " +
    "2022-04-01"
  ).split(" "),
  location: "inherited",
  name: { pattern: /^/, rule: "a GUID" },
  schema: assignmentBody,
  asynchronous: false,
  patch: "none",
  missing: (id) => new ArmError(404, "RoleAssignmentNotFound", `The role assignment '${nameOf(id)}' is not found.`),
  prepare,
  render,
};

/** Assignments in the scope go with it. */
export function removeAssignments(scope: string, store: Store): void {
  for (const { id } of store.ofType(types.roleAssignment)) if (isWithin(scopeOfExtension(id), scope)) store.remove(id);
}
