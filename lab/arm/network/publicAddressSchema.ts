/** What a public address's PUT may hold. */
import { z } from "zod";
import type { Introduced } from "../apiVersions.ts";
import { choice, ignored, issue, lacking, range, readOnly, tracked, zoneList } from "../schema.ts";

export const publicAddressBody = z
  .strictObject({
    ...tracked,
    sku: z
      .strictObject({
        name: choice("Basic", "Standard", "StandardV2").default("Basic"),
        tier: choice("Regional", "Global").optional(),
      })
      .optional(),
    zones: zoneList.optional(),
    extendedLocation: lacking("edge zones"),
    properties: z
      .strictObject({
        publicIPAllocationMethod: choice("Static", "Dynamic").optional(),
        publicIPAddressVersion: choice("IPv4", "IPv6").optional(),
        idleTimeoutInMinutes: range(4, 30, "PublicIPAddressIdleTimeoutOutOfRange").optional(),
        dnsSettings: z
          .strictObject({
            domainNameLabel: z
              .string()
              .regex(
                /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/,
                "A label has 3-63 lower-case letters, digits and hyphens and begins with a letter",
              )
              .optional(),
            domainNameLabelScope: choice(
              "TenantReuse",
              "SubscriptionReuse",
              "ResourceGroupReuse",
              "NoReuse",
            ).optional(),
            fqdn: ignored,
            reverseFqdn: z.string().optional(),
          })
          .optional(),
        ddosSettings: z
          .strictObject({
            protectionMode: choice("VirtualNetworkInherited", "Enabled", "Disabled").optional(),
            ddosProtectionPlan: lacking("DDoS protection"),
            ddosCustomPolicy: lacking("DDoS policies"),
          })
          .optional(),
        ipTags: z.array(z.strictObject({ ipTagType: z.string(), tag: z.string() })).optional(),
        deleteOption: choice("Delete", "Detach").optional(),
        publicIPPrefix: lacking("public IP prefixes"),
        servicePublicIPAddress: lacking("migration of public addresses"),
        linkedPublicIPAddress: lacking("migration of public addresses"),
        migrationPhase: choice("None").optional(),
        ...readOnly("ipAddress", "ipConfiguration", "natGateway", "resourceGuid", "provisioningState"),
      })
      .default({}),
  })
  .superRefine((address, context) => {
    const sku = address.sku?.name ?? "Basic";
    const { publicIPAllocationMethod: method, publicIPAddressVersion: version } = address.properties;
    if (sku === "Basic") {
      issue(
        context,
        "IPv4BasicSkuPublicIpCountLimitReached",
        "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region: they were retired on 30 September 2025. Set sku.name to 'Standard'.",
        ["sku", "name"],
      );
    } else if (method !== "Static") {
      issue(
        context,
        "StandardSkuPublicIPAddressesMustBeStatic",
        `Standard sku publicIp must have AllocationMethod set to Static (given: ${method ?? "none, which means Dynamic"}).`,
        ["properties", "publicIPAllocationMethod"],
      );
    }
    if (version === "IPv6")
      issue(context, "NotImplementedByLab", "The lab has no IPv6.", ["properties", "publicIPAddressVersion"]);
  });

export const publicAddressIntroduced: Introduced = {
  "properties.ddosSettings": "2022-07-01",
  "properties.dnsSettings.domainNameLabelScope": "2022-11-01",
  "sku.name=StandardV2": "2024-10-01",
  "properties.ddosSettings.ddosCustomPolicy": "2025-07-01",
};

export type PublicAddressBody = z.infer<typeof publicAddressBody>;
