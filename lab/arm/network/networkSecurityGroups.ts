/** Microsoft.Network/networkSecurityGroups, with its rules inline or as resources of their own. */
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import { referrersOf } from "../references.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { defaultRules } from "./effectiveRules.ts";
import { refuseDuplicateNames, replaceChildren } from "./inlineChildren.ts";
import { networkType } from "./networkType.ts";
import { securityGroupBody, type SecurityGroupBody } from "./securityGroupSchema.ts";
import type { SecurityRuleBody } from "./securityRuleSchema.ts";
import { checkPriorities, renderRule } from "./securityRules.ts";

const rulesOf = (id: string, { store }: Context): Resource<SecurityRuleBody>[] =>
  store.children<SecurityRuleBody>(id, types.securityRule).filter(isLive);

function prepare(draft: Draft<SecurityGroupBody>): void {
  const rules = draft.body.properties.securityRules ?? [];
  checkPriorities(rules.map(({ name, properties }) => ({ id: `${draft.id}/securityRules/${name}`, properties })));
  refuseDuplicateNames(draft.id, rules);
}

/** PUT is the whole group: rules that are not in it are removed, also those made one by one. */
function applied(group: Resource<SecurityGroupBody>, _: unknown, given: SecurityGroupBody, context: Context): void {
  const { store } = context;
  replaceChildren(group, types.securityRule, given.properties.securityRules ?? [], store, ({ id }) => store.remove(id));
}

function render(group: Resource<SecurityGroupBody>, context: Context): object {
  const users = (type: string): { id: string }[] =>
    referrersOf(group.id, context.store, type).map(({ id }) => ({ id }));
  const [subnets, networkInterfaces] = [users(types.subnet), users(types.networkInterface)];
  return {
    properties: {
      provisioningState: group.state,
      resourceGuid: group.guid,
      ...group.body.properties,
      securityRules: rulesOf(group.id, context).map((rule) => ({
        name: rule.name,
        id: rule.id,
        etag: `W/"${rule.etag}"`,
        type: types.securityRule,
        ...renderRule(rule),
      })),
      defaultSecurityRules: defaultRules.map(({ name, properties }) => ({
        name,
        id: `${group.id}/defaultSecurityRules/${name}`,
        etag: `W/"${group.etag}"`,
        type: "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
        properties: { provisioningState: "Succeeded", ...properties },
      })),
      ...(subnets.length > 0 && { subnets }),
      ...(networkInterfaces.length > 0 && { networkInterfaces }),
    },
  };
}

export const networkSecurityGroups: ResourceType<SecurityGroupBody> = {
  ...networkType,
  type: types.securityGroup,
  location: "regional",
  schema: securityGroupBody,
  patch: "tags",
  stored: (given) => ({ ...given, properties: { ...given.properties, securityRules: undefined } }),
  prepare,
  applied,
  render,
  refuseDelete: (group, { store }) => {
    const users = referrersOf(group.id, store);
    if (users.length === 0) return;
    throw badRequest(
      "InUseNetworkSecurityGroupCannotBeDeleted",
      `Network security group ${group.id} cannot be deleted because it is in use by the following resources: ${users.map(({ id }) => id).join(", ")}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.`,
    );
  },
  deleting: (group, { store }) => {
    for (const rule of store.children(group.id, types.securityRule)) store.put({ ...rule, state: "Deleting" }, true);
  },
};
