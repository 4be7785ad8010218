/** What a peering's PUT may hold. */
import { z } from "zod";
import type { Introduced } from "../apiVersions.ts";
import { envelope, lacking, readOnly, referenceTo } from "../schema.ts";
import { types } from "../typeNames.ts";

export const peeringBody = z.strictObject({
  ...envelope,
  properties: z.strictObject({
    remoteVirtualNetwork: referenceTo(types.virtualNetwork),
    allowVirtualNetworkAccess: z.boolean().optional(),
    allowForwardedTraffic: z.boolean().optional(),
    allowGatewayTransit: z.literal(false, "The lab has no gateways").optional(),
    useRemoteGateways: z.literal(false, "The lab has no gateways").optional(),
    doNotVerifyRemoteGateways: z.boolean().optional(),
    peerCompleteVnets: z.literal(true, "The lab peers whole networks only").optional(),
    localSubnetNames: lacking("peerings of single subnets"),
    remoteSubnetNames: lacking("peerings of single subnets"),
    enableOnlyIPv6Peering: z.literal(false, "The lab has no IPv6").optional(),
    ...readOnly(
      "remoteAddressSpace",
      "remoteVirtualNetworkAddressSpace",
      "localAddressSpace",
      "localVirtualNetworkAddressSpace",
      "remoteBgpCommunities",
      "remoteVirtualNetworkEncryption",
      "peeringState",
      "peeringSyncLevel",
      "resourceGuid",
      "provisioningState",
    ),
  }),
});

export const peeringIntroduced: Introduced = {
  "properties.peerCompleteVnets": "2024-01-01",
  "properties.localAddressSpace": "2024-01-01",
  "properties.localVirtualNetworkAddressSpace": "2024-01-01",
  "properties.localSubnetNames": "2024-01-01",
  "properties.remoteSubnetNames": "2024-01-01",
  "properties.enableOnlyIPv6Peering": "2024-01-01",
};

export type PeeringBody = z.infer<typeof peeringBody>;
