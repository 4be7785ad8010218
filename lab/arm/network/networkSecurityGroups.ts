/** Microsoft.Network/networkSecurityGroups, with its rules inline or as resources of their own. */
import { z } from "zod";
import { badRequest } from "../errors.ts";
import { referrersOf } from "../references.ts";
import { envelope, ignored, tracked } from "../schema.ts";
import { isLive } from "../store.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";
import { networkName, types } from "./names.ts";
import { checkPriorities, defaultRules, renderRule, ruleProperties, type SecurityRuleBody } from "./securityRules.ts";

const body = z.strictObject({
  ...tracked,
  properties: z
    .strictObject({
      securityRules: z
        .array(z.strictObject({ ...envelope, name: z.string(), properties: ruleProperties }))
        .max(1000, "A group has at most 1000 rules")
        .optional(),
      flushConnection: z.boolean().optional(),
      defaultSecurityRules: ignored,
      networkInterfaces: ignored,
      subnets: ignored,
      flowLogs: ignored,
      resourceGuid: ignored,
      provisioningState: ignored,
    })
    .default({}),
});

export type SecurityGroupBody = z.infer<typeof body>;

const rulesOf = (id: string, { store }: Context): Resource<SecurityRuleBody>[] =>
  store.children<SecurityRuleBody>(id, types.securityRule).filter(isLive);

function prepare(draft: Draft<SecurityGroupBody>): void {
  const rules = draft.body.properties.securityRules ?? [];
  checkPriorities(rules.map(({ name, properties }) => ({ id: `${draft.id}/securityRules/${name}`, properties })));
  const names = rules.map((rule) => rule.name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw badRequest(
      "DuplicateResourceName",
      `Resource ${draft.id} has two child resources with the same name (${twice}).`,
    );
}

/** PUT is the whole group: rules that are not in it are removed, also those made one by one. */
function applied(group: Resource<SecurityGroupBody>, _: unknown, given: SecurityGroupBody, context: Context): void {
  const { store } = context;
  const wanted = given.properties.securityRules ?? [];
  const names = wanted.map((rule) => rule.name.toLowerCase());
  for (const rule of rulesOf(group.id, context)) {
    if (!names.includes(rule.name.toLowerCase())) store.remove(rule.id);
  }
  for (const { name, properties } of wanted) {
    const id = `${group.id}/securityRules/${name}`;
    const existing = store.get<SecurityRuleBody>(id);
    if (!existing) store.create(id, types.securityRule, { properties }, {}, "Creating");
    else if (JSON.stringify(existing.body) !== JSON.stringify({ properties }))
      store.put({ ...existing, body: { properties }, state: "Updating" }, true);
  }
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
  type: types.securityGroup,
  dialect: "network",
  location: "regional",
  name: networkName,
  schema: body,
  asynchronous: true,
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
