/** What a resource leans on, where its rights or its traffic come from it: what is somebody else's no rule sees. */
import type { StackRule } from "../rule.ts";
import { types } from "../types.ts";

/** Inputs that must be made of a resource of the stack, of one of these types. */
const leanings: readonly (readonly [type: string, input: string, ...on: string[]])[] = [
  [types.scaleSet, "virtualMachineProfile", types.subnet],
  [types.scaleSet, "identity", types.identity],
  [types.roleAssignment, "principalId", types.identity],
  [types.subnet, "networkSecurityGroup", types.securityGroup],
  [types.subnet, "natGateway", types.natGateway],
  [types.natGateway, "publicIpAddresses", types.publicAddress],
  [types.loadBalancer, "frontendIPConfigurations", types.publicAddress, types.subnet],
];

export const stackRules: StackRule[] = [
  {
    name: "own-resources",
    asks: "Subnets, security groups, addresses and identities that resources use are of the stack, where rules see them",
    ids: [],
    checkStack: (resources) =>
      leanings.flatMap(([type, input, ...on]) => {
        const there = new Set(resources.filter((each) => on.includes(each.type)).map(({ urn }) => urn));
        return resources
          .filter((each) => each.type === type && !each.madeOf(input).some((urn) => there.has(urn)))
          .map((of) => ({ of, message: `${input}: allowed is what is made of ${on.join(" or ")} of the stack` }));
      }),
  },
];
