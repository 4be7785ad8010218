/** Microsoft.Network/networkSecurityGroups/securityRules, and Azure's default rules. */
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { networkType } from "./networkType.ts";
import { securityRuleBody, type RuleProperties, type SecurityRuleBody } from "./securityRuleSchema.ts";

/** Two rules of one direction cannot have the same priority. */
export function checkPriorities(rules: { id: string; properties: RuleProperties }[]): void {
  for (const [index, rule] of rules.entries()) {
    const { direction, priority } = rule.properties;
    const other = rules
      .slice(0, index)
      .find((one) => one.properties.direction === direction && one.properties.priority === priority);
    if (other) {
      throw badRequest(
        "SecurityRuleConflict",
        `Security rule ${nameOf(rule.id)} conflicts with rule ${nameOf(other.id)}. Rules cannot have the same Priority and Direction: both are ${direction}, priority ${priority}.`,
      );
    }
  }
}

function prepare(draft: Draft<SecurityRuleBody>, { store }: Context): void {
  const others = store
    .children<SecurityRuleBody>(parentOf(draft.id), types.securityRule)
    .filter((rule) => isLive(rule) && rule.key !== keyOf(draft.id))
    .map((rule) => ({ id: rule.id, properties: rule.body.properties }));
  checkPriorities([...others, { id: draft.id, properties: draft.body.properties }]);
}

/** Azure answers the lists also when they are empty. */
export const renderRule = (rule: Resource<SecurityRuleBody>): object => ({
  properties: {
    provisioningState: rule.state,
    sourcePortRanges: [],
    destinationPortRanges: [],
    sourceAddressPrefixes: [],
    destinationAddressPrefixes: [],
    ...rule.body.properties,
  },
});

export const securityRules: ResourceType<SecurityRuleBody> = {
  ...networkType,
  type: types.securityRule,
  location: "inherited",
  schema: securityRuleBody,
  patch: "none",
  prepare,
  render: renderRule,
};
