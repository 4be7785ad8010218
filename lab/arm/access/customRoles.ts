/** Microsoft.Authorization/roleDefinitions: roles of one's own, for the whole subscription, beside Azure's. */
import { z } from "zod";
import type { Context } from "../context.ts";
import { conflict, notInLab } from "../errors.ts";
import { keyOf, nameOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { choice, envelope, lacking, readOnly } from "../schema.ts";
import { types } from "../typeNames.ts";
import {
  renderRoleDefinition,
  roleDefinitionId,
  roleDefinitionMissing,
  roleDefinitions,
  type RoleDefinition,
} from "./roleDefinitions.ts";

/** Azure refuses operations that no provider has. The lab does not know all of them: such a one gives no right. */
const operations = z.array(z.string()).default([]);

const roleBody = z.strictObject({
  ...envelope,
  properties: z.strictObject({
    roleName: z.string().min(1),
    description: z.string().default(""),
    type: choice("CustomRole").optional(),
    assignableScopes: z.array(z.string()).min(1),
    permissions: z.tuple([
      z.strictObject({
        actions: operations,
        notActions: operations,
        dataActions: operations,
        notDataActions: lacking("data actions that a role excepts"),
        condition: lacking("conditions of roles"),
        conditionVersion: lacking("conditions of roles"),
      }),
    ]),
    ...readOnly("createdOn", "createdBy", "updatedOn", "updatedBy"),
  }),
});

type RoleBody = z.output<typeof roleBody>;

function prepare({ id, body, computed }: Draft<RoleBody>, context: Context, by: string): void {
  const { roleName, assignableScopes } = body.properties;
  const [scope, ...more] = assignableScopes.map(keyOf);
  if (more.length > 0 || scope !== `/subscriptions/${keyOf(context.options.subscriptionId)}`)
    throw notInLab("roles of one's own for anything but the whole subscription");
  if (allRoles(context).some((one) => keyOf(one.roleName) === keyOf(roleName) && one.guid !== keyOf(nameOf(id))))
    throw conflict(
      "RoleDefinitionWithSameNameExists",
      "A custom role with the same name already exists in this directory. Use a different name.",
    );
  computed.assigned ??= { at: context.nowMilliseconds(), by };
}

const roleIn = ({ name, body, computed }: Resource<RoleBody>): RoleDefinition => ({
  guid: keyOf(name),
  roleName: body.properties.roleName,
  description: body.properties.description,
  ...body.properties.permissions[0],
  made: computed.assigned!.at,
});

export const customRoles: ResourceType<RoleBody> = {
  type: types.roleDefinition,
  dialect: "authorization",
  apiVersions: ["2015-07-01", "2018-01-01-preview", "2022-04-01", "2022-05-01-preview"],
  location: "inherited",
  name: {
    pattern: /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i,
    rule: "It must be a GUID",
    // A guess.
    code: "InvalidRoleDefinitionId",
  },
  schema: roleBody,
  asynchronous: false,
  changed: 201,
  patch: "none",
  missing: (id) => roleDefinitionMissing(404, id),
  prepare,
  render: (resource, { options }) => renderRoleDefinition(roleIn(resource), options),
};

/** Azure's, and one's own. */
export const allRoles = ({ store }: Pick<Context, "store">): RoleDefinition[] => [
  ...roleDefinitions,
  ...store.ofType<RoleBody>(types.roleDefinition).map(roleIn),
];

/** `id` may stand in any scope, or in none. */
export function roleDefinitionOf(
  id: string,
  { store, options }: Pick<Context, "store" | "options">,
): RoleDefinition | undefined {
  const guid = keyOf(nameOf(id));
  const own = store.get<RoleBody>(roleDefinitionId({ guid }, options));
  return roleDefinitions.find((one) => one.guid === guid) ?? (own && roleIn(own));
}
