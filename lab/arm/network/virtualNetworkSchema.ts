/** What a virtual network's PUT may hold. */
import { z } from "zod";
import type { Introduced } from "../apiVersions.ts";
import { choice, envelope, ignored, lacking, range, readOnly, tracked } from "../schema.ts";
import { subnetIntroduced, subnetProperties } from "./subnetSchema.ts";

export const virtualNetworkBody = z.strictObject({
  ...tracked,
  extendedLocation: lacking("edge zones"),
  properties: z.strictObject({
    addressSpace: z.strictObject({
      addressPrefixes: z.array(z.string()).min(1, "A network needs at least one prefix"),
      ipamPoolPrefixAllocations: lacking("IPAM pools"),
    }),
    subnets: z.array(z.strictObject({ ...envelope, name: z.string(), properties: subnetProperties })).optional(),
    dhcpOptions: z
      .strictObject({
        dnsServers: z
          .array(z.string())
          .max(0, "The lab's networks use Azure's DNS server 168.63.129.16 only")
          .optional(),
      })
      .optional(),
    flowTimeoutInMinutes: range(4, 30, "InvalidFlowTimeoutInMinutes").optional(),
    enableDdosProtection: z.literal(false, "The lab has no DDoS protection").optional(),
    enableVmProtection: z.boolean().optional(),
    encryption: z
      .strictObject({
        enabled: z.literal(false, "The lab does not encrypt networks"),
        enforcement: choice("AllowUnencrypted", "DropUnencrypted").optional(),
      })
      .optional(),
    privateEndpointVNetPolicies: choice("Disabled", "Basic").optional(),
    bgpCommunities: z.strictObject({ virtualNetworkCommunity: z.string(), regionalCommunity: ignored }).optional(),
    ddosProtectionPlan: lacking("DDoS protection"),
    summarizedGatewayPrefixes: lacking("gateways"),
    ...readOnly(
      "virtualNetworkPeerings",
      "defaultPublicNatGateway",
      "ipAllocations",
      "flowLogs",
      "resourceGuid",
      "provisioningState",
    ),
  }),
});

export const networkIntroduced: Introduced = {
  "properties.privateEndpointVNetPolicies": "2024-03-01",
  "properties.addressSpace.ipamPoolPrefixAllocations": "2024-05-01",
  "properties.summarizedGatewayPrefixes": "2025-07-01",
  ...Object.fromEntries(
    Object.entries(subnetIntroduced).map(([path, version]) => [`properties.subnets.${path}`, version]),
  ),
};

export type VirtualNetworkBody = z.infer<typeof virtualNetworkBody>;
