/** What a subnet's PUT may hold. */
import { z } from "zod";
import type { Introduced } from "../apiVersions.ts";
import { choice, envelope, ignored, issue, lacking, none, readOnly, referenceTo } from "../schema.ts";
import { types } from "../typeNames.ts";

const policy = choice("Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled");

/** Those of which the lab has the service. */
export const endpointServices = ["Microsoft.KeyVault", "Microsoft.Storage"] as const;

const serviceEndpoint = z.strictObject({
  service: choice(...endpointServices),
  locations: z.array(z.string()).optional(),
  networkIdentifier: lacking("network identifiers of service endpoints"),
  provisioningState: ignored,
});

export const subnetProperties = z
  .strictObject({
    addressPrefix: z.string().optional(),
    addressPrefixes: z.array(z.string()).optional(),
    networkSecurityGroup: referenceTo(types.securityGroup).optional(),
    natGateway: referenceTo(types.natGateway).optional(),
    defaultOutboundAccess: z.boolean().optional(),
    privateEndpointNetworkPolicies: policy.optional(),
    privateLinkServiceNetworkPolicies: choice("Enabled", "Disabled").optional(),
    serviceEndpoints: z.array(serviceEndpoint).optional(),
    delegations: none("delegations"),
    serviceEndpointPolicies: none("service endpoint policies"),
    routeTable: z.null("The lab has no route tables").optional(),
    ipAllocations: none("IP allocations"),
    ipamPoolPrefixAllocations: lacking("IPAM pools"),
    sharingScope: lacking("shared subnets"),
    serviceGateway: lacking("service gateways"),
    ...readOnly(
      "applicationGatewayIPConfigurations",
      "ipConfigurations",
      "ipConfigurationProfiles",
      "privateEndpoints",
      "purpose",
      "resourceNavigationLinks",
      "serviceAssociationLinks",
      "provisioningState",
    ),
  })
  .superRefine((properties, context) => {
    const prefixes = [
      ...(properties.addressPrefix ? [properties.addressPrefix] : []),
      ...(properties.addressPrefixes ?? []),
    ];
    if (prefixes.length === 0)
      issue(
        context,
        "AddressPrefixStringCannotBeNullOrEmpty",
        "Address prefix string for a subnet cannot be null or empty: give addressPrefix or addressPrefixes.",
      );
    if (new Set(prefixes).size > 1) issue(context, "NotImplementedByLab", "The lab's subnets have one IPv4 prefix.");
  });

export const subnetIntroduced: Introduced = {
  "properties.defaultOutboundAccess": "2023-05-01",
  "properties.sharingScope": "2024-01-01",
  "properties.ipamPoolPrefixAllocations": "2024-05-01",
  "properties.serviceGateway": "2025-05-01",
};

export const subnetBody = z.strictObject({ ...envelope, properties: subnetProperties });

export type SubnetBody = z.infer<typeof subnetBody>;

export const subnetPrefix = (subnet: Pick<SubnetBody, "properties">): string =>
  (subnet.properties.addressPrefix ?? subnet.properties.addressPrefixes?.[0])!;
