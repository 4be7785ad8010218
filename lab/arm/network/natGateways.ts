/** Microsoft.Network/natGateways: outbound traffic of the subnets that name it. */
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import { referrersOf } from "../references.ts";
import type { Resource } from "../resource.ts";
import type { ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { natGatewayBody, natGatewayIntroduced, type NatGatewayBody } from "./natGatewaySchema.ts";
import { networkType } from "./networkType.ts";
import { refuseShared } from "./publicIPAddresses.ts";

const subnetsOf = (gateway: Resource, { store }: Context): { id: string }[] =>
  referrersOf(gateway.id, store, types.subnet).map(({ id }) => ({ id }));

function render(gateway: Resource<NatGatewayBody>, context: Context): object {
  const subnets = subnetsOf(gateway, context);
  const { sku, zones } = gateway.body;
  return {
    sku: { name: "Standard", tier: "Regional", ...sku },
    ...(zones && { zones }),
    properties: {
      provisioningState: gateway.state,
      resourceGuid: gateway.guid,
      idleTimeoutInMinutes: 4,
      ...gateway.body.properties,
      ...(subnets.length > 0 && { subnets }),
    },
  };
}

export const natGateways: ResourceType<NatGatewayBody> = {
  ...networkType,
  type: types.natGateway,
  location: "regional",
  schema: natGatewayBody,
  introduced: natGatewayIntroduced,
  patch: "tags",
  prepare: (draft, context) => {
    for (const { id } of draft.body.properties.publicIpAddresses ?? []) refuseShared(id, draft.id, context);
  },
  render,
  refuseDelete: (gateway, context) => {
    const count = subnetsOf(gateway, context).length;
    if (count === 0) return;
    throw badRequest(
      "CannotDeleteNatGatewayAssociatedToSubnet",
      `NAT Gateway ${gateway.id} is still configured on ${count} subnets. Remove NAT Gateway from all referenced subnets and then delete NAT Gateway.`,
    );
  },
};
