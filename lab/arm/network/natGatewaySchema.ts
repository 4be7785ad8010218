/** What a NAT gateway's PUT may hold. */
import { z } from "zod";
import { choice, none, range, readOnly, reference, tracked, zoneList } from "../schema.ts";

export const natGatewayBody = z.strictObject({
  ...tracked,
  sku: z.strictObject({ name: choice("Standard", "StandardV2"), tier: choice("Regional").optional() }).optional(),
  zones: zoneList.max(1, "A NAT gateway of the Standard SKU is in one zone").optional(),
  properties: z
    .strictObject({
      idleTimeoutInMinutes: range(4, 120, "NatGatewayIdleTimeoutOutOfRange").optional(),
      publicIpAddresses: z.array(reference).max(16, "A NAT gateway has at most 16 public addresses").optional(),
      publicIpPrefixes: none("public IP prefixes"),
      publicIpAddressesV6: none("IPv6"),
      publicIpPrefixesV6: none("IPv6"),
      ...readOnly("subnets", "sourceVirtualNetwork", "resourceGuid", "provisioningState"),
    })
    .default({}),
});

export type NatGatewayBody = z.infer<typeof natGatewayBody>;
