/** What a resource leans on, where its rights or its traffic come from it: what is somebody else's no rule sees. */
import type { StackRule } from "../rule.ts";
import { types } from "../types.ts";
import { items } from "../values.ts";

interface Leaning {
  type: string;
  /** The input that must be made of a resource of the stack. */
  input: string;
  /** The list in it of which each item must be made of one of its own. */
  each?: string;
  /** Types of such resources. */
  on: string[];
}

const leanings: readonly Leaning[] = [
  { type: types.scaleSet, input: "virtualMachineProfile", on: [types.subnet] },
  { type: types.scaleSet, input: "identity", on: [types.identity] },
  { type: types.roleAssignment, input: "principalId", on: [types.identity] },
  { type: types.subnet, input: "networkSecurityGroup", on: [types.securityGroup] },
  { type: types.subnet, input: "natGateway", on: [types.natGateway] },
  { type: types.natGateway, input: "publicIpAddresses", each: "publicIpAddresses", on: [types.publicAddress] },
  {
    ...{ type: types.loadBalancer, input: "frontendIPConfigurations", each: "frontendIPConfigurations" },
    on: [types.publicAddress, types.subnet],
  },
  { type: types.vault, input: "properties", each: "properties.networkAcls.virtualNetworkRules", on: [types.subnet] },
  {
    ...{ type: types.storageAccount, input: "networkRuleSet", each: "networkRuleSet.virtualNetworkRules" },
    on: [types.subnet],
  },
];

export const stackRules: StackRule[] = [
  {
    name: "own-resources",
    asks: "Subnets, security groups, addresses and identities that resources use are of the stack, where rules see them",
    ids: [],
    checkStack: (resources) =>
      leanings.flatMap(({ type, input, each, on }) => {
        const there = new Set(resources.filter((other) => on.includes(other.type)).map(({ urn }) => urn));
        return resources
          .filter((other) => other.type === type)
          .flatMap((of) => {
            const given = new Set(of.madeOf(input).filter((urn) => there.has(urn))).size;
            const wanted = Math.max(1, each === undefined ? 0 : items(of.inputs, each).length);
            if (given >= wanted) return [];
            const message =
              `${each ?? input}: given ${given} of the stack's own for ${wanted}, ` +
              `allowed is what is made of ${on.join(" or ")} of the stack`;
            return [{ of, message }];
          });
      }),
  },
];
