/** What a peering's PUT may hold. */
import { z } from "zod";
import { envelope, readOnly, reference } from "../schema.ts";

export const peeringBody = z.strictObject({
  ...envelope,
  properties: z.strictObject({
    remoteVirtualNetwork: reference,
    allowVirtualNetworkAccess: z.boolean().optional(),
    allowForwardedTraffic: z.boolean().optional(),
    allowGatewayTransit: z.literal(false, "The lab has no gateways").optional(),
    useRemoteGateways: z.literal(false, "The lab has no gateways").optional(),
    doNotVerifyRemoteGateways: z.boolean().optional(),
    peerCompleteVnets: z.literal(true, "The lab peers whole networks only").optional(),
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

export type PeeringBody = z.infer<typeof peeringBody>;
