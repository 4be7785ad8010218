/** Microsoft.Network/natGateways: outbound traffic of the subnets that name it. */
import { z } from "zod";
import { badRequest } from "../errors.ts";
import { referrersOf } from "../references.ts";
import { choice, ignored, range, reference, tracked, zoneList } from "../schema.ts";
import type { Context, Resource, ResourceType } from "../types.ts";
import { networkName, types } from "./names.ts";
import { refuseShared } from "./publicIPAddresses.ts";

const body = z.strictObject({
  ...tracked,
  sku: z.strictObject({ name: choice("Standard", "StandardV2"), tier: choice("Regional").optional() }).optional(),
  zones: zoneList.max(1, "A NAT gateway of the Standard SKU is in one zone").optional(),
  properties: z
    .strictObject({
      idleTimeoutInMinutes: range(4, 120, "NatGatewayIdleTimeoutOutOfRange").optional(),
      publicIpAddresses: z.array(reference).max(16, "A NAT gateway has at most 16 public addresses").optional(),
      publicIpPrefixes: z.array(z.unknown()).max(0, "The lab has no public IP prefixes").optional(),
      publicIpAddressesV6: z.array(z.unknown()).max(0, "The lab has no IPv6").optional(),
      publicIpPrefixesV6: z.array(z.unknown()).max(0, "The lab has no IPv6").optional(),
      subnets: ignored,
      sourceVirtualNetwork: ignored,
      resourceGuid: ignored,
      provisioningState: ignored,
    })
    .default({}),
});

export type NatGatewayBody = z.infer<typeof body>;

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
  type: types.natGateway,
  dialect: "network",
  location: "regional",
  name: networkName,
  schema: body,
  asynchronous: true,
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
