/** What a NAT gateway's PUT may hold. */
import { z } from "zod";
import type { Introduced } from "../apiVersions.ts";
import { choice, lacking, none, range, readOnly, referenceTo, tracked, zoneList } from "../schema.ts";
import { types } from "../typeNames.ts";

export const natGatewayBody = z.strictObject({
  ...tracked,
  sku: z.strictObject({ name: choice("Standard", "StandardV2"), tier: choice("Regional").optional() }).optional(),
  zones: zoneList.max(1, "A NAT gateway of the Standard SKU is in one zone").optional(),
  properties: z
    .strictObject({
      idleTimeoutInMinutes: range(4, 120, "NatGatewayIdleTimeoutOutOfRange").optional(),
      publicIpAddresses: z
        .array(referenceTo(types.publicAddress))
        .max(16, "A NAT gateway has at most 16 public addresses")
        .optional(),
      publicIpPrefixes: none("public IP prefixes"),
      publicIpAddressesV6: none("IPv6"),
      publicIpPrefixesV6: none("IPv6"),
      nat64: lacking("IPv6"),
      serviceGateway: lacking("service gateways"),
      sourceVirtualNetwork: lacking("NAT gateways of whole networks"),
      ...readOnly("subnets", "resourceGuid", "provisioningState"),
    })
    .default({}),
});

export const natGatewayIntroduced: Introduced = {
  "sku.name=StandardV2": "2024-10-01",
  "properties.publicIpAddressesV6": "2024-10-01",
  "properties.publicIpPrefixesV6": "2024-10-01",
  "properties.sourceVirtualNetwork": "2024-10-01",
  "properties.serviceGateway": "2025-05-01",
  "properties.nat64": "2025-07-01",
};

export type NatGatewayBody = z.infer<typeof natGatewayBody>;
