/** Microsoft.Network/virtualNetworks/subnets */
import { z } from "zod";
import { blockOf, overlaps, parseBlock, within } from "../addresses.ts";
import { badRequest } from "../errors.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import { choice, envelope, ignored, issue, reference } from "../schema.ts";
import { isLive } from "../store.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";
import { addressesIn, configurationsIn } from "./ipConfigurations.ts";
import { networkName, types } from "./names.ts";
import type { VirtualNetworkBody } from "./virtualNetworks.ts";

const policy = choice("Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled");

export const subnetProperties = z
  .strictObject({
    addressPrefix: z.string().optional(),
    addressPrefixes: z.array(z.string()).optional(),
    networkSecurityGroup: reference.optional(),
    natGateway: reference.optional(),
    defaultOutboundAccess: z.boolean().optional(),
    privateEndpointNetworkPolicies: policy.optional(),
    privateLinkServiceNetworkPolicies: choice("Enabled", "Disabled").optional(),
    serviceEndpoints: z.array(z.unknown()).max(0, "The lab has no service endpoints").optional(),
    delegations: z.array(z.unknown()).max(0, "The lab has no delegations").optional(),
    serviceEndpointPolicies: z.array(z.unknown()).max(0, "The lab has no service endpoint policies").optional(),
    routeTable: z.null("The lab has no route tables").optional(),
    ipAllocations: z.array(z.unknown()).max(0, "The lab has no IP allocations").optional(),
    applicationGatewayIPConfigurations: ignored,
    ipConfigurations: ignored,
    ipConfigurationProfiles: ignored,
    privateEndpoints: ignored,
    purpose: ignored,
    resourceNavigationLinks: ignored,
    serviceAssociationLinks: ignored,
    provisioningState: ignored,
  })
  .superRefine((properties, context) => {
    const prefixes = [
      ...(properties.addressPrefix ? [properties.addressPrefix] : []),
      ...(properties.addressPrefixes ?? []),
    ];
    if (prefixes.length === 0)
      issue(context, "SubnetAddressPrefixNotSpecified", "A subnet needs addressPrefix or addressPrefixes.");
    if (new Set(prefixes).size > 1) issue(context, "NotImplementedByLab", "The lab's subnets have one IPv4 prefix.");
  });

const body = z.strictObject({ ...envelope, properties: subnetProperties });

export type SubnetBody = z.infer<typeof body>;

export const subnetPrefix = (subnet: Pick<SubnetBody, "properties">): string =>
  (subnet.properties.addressPrefix ?? subnet.properties.addressPrefixes?.[0])!;

/** Refuses a prefix that is malformed, outside its network or overlapping, with Azure's codes. */
export function checkPrefixes(
  network: { id: string; prefixes: string[] },
  subnets: { name: string; prefix: string }[],
): void {
  const name = nameOf(network.id);
  for (const [index, subnet] of subnets.entries()) {
    const block = prefixBlock(subnet.prefix, `${network.id}/subnets/${subnet.name}`);
    if (block.bits > 29) {
      throw badRequest(
        "NetcfgInvalidSubnet",
        `Subnet '${subnet.name}' is not valid in virtual network '${name}': '${subnet.prefix}' is smaller than /29, Azure keeps five of its addresses.`,
      );
    }
    if (!network.prefixes.some((prefix) => within(block, blockOf(prefix)))) {
      throw badRequest(
        "NetcfgSubnetRangeOutsideVnet",
        `Subnet '${subnet.name}' is not valid because its IP address range is outside the IP address range of virtual network '${name}'.`,
      );
    }
    if (subnets.slice(0, index).some((other) => overlaps(block, blockOf(other.prefix)))) {
      throw badRequest(
        "NetcfgSubnetRangesOverlap",
        `Subnet '${subnet.name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '${name}'.`,
      );
    }
  }
}

export function prefixBlock(prefix: string, owner: string): ReturnType<typeof blockOf> {
  const block = parseBlock(prefix);
  if (block) return block;
  if (/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/.test(prefix)) {
    throw badRequest(
      "InvalidCIDRNotation",
      `The address prefix ${prefix} in resource ${owner} has an invalid CIDR notation. For the given prefix length, the host bits must be zero.`,
    );
  }
  throw badRequest(
    "InvalidAddressPrefixFormat",
    `Address prefix '${prefix}' of resource ${owner} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.`,
  );
}

function prepare(draft: Draft<SubnetBody>, { store }: Context): void {
  const networkId = parentOf(draft.id);
  const network = store.get<VirtualNetworkBody>(networkId)!;
  const siblings = store
    .children<SubnetBody>(networkId, types.subnet)
    .filter((subnet) => isLive(subnet) && subnet.key !== keyOf(draft.id))
    .map((subnet) => ({ name: subnet.name, prefix: subnetPrefix(subnet.body) }));
  const own = { name: nameOf(draft.id), prefix: subnetPrefix(draft.body) };
  checkPrefixes({ id: networkId, prefixes: network.body.properties.addressSpace.addressPrefixes }, [...siblings, own]);
  const moved = draft.existing && subnetPrefix(draft.existing.body) !== own.prefix;
  if (moved && addressesIn(draft.id, store).size > 0) {
    throw badRequest(
      "InUsePrefixCannotBeDeleted",
      `IpPrefix ${subnetPrefix(draft.existing!.body)} on Subnet ${own.name} has active allocations and cannot be deleted.`,
    );
  }
}

/** The error of a subnet in use; also when its network is deleted. */
export function refuseUsed(subnet: Resource, { store }: Context): void {
  const [user] = configurationsIn(subnet.id, store);
  if (!user) return;
  throw badRequest(
    "InUseSubnetCannotBeDeleted",
    `Subnet ${subnet.name} is in use by ${user} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`,
  );
}

export function renderSubnet(subnet: Resource<SubnetBody>, { store }: Context): object {
  const configurations = configurationsIn(subnet.id, store);
  return {
    properties: {
      provisioningState: subnet.state,
      delegations: [],
      privateEndpointNetworkPolicies: "Disabled",
      privateLinkServiceNetworkPolicies: "Enabled",
      ...subnet.body.properties,
      ...(configurations.length > 0 && { ipConfigurations: configurations.map((id) => ({ id })) }),
    },
  };
}

export const subnets: ResourceType<SubnetBody> = {
  type: types.subnet,
  dialect: "network",
  location: "inherited",
  name: networkName,
  schema: body,
  asynchronous: true,
  patch: "none",
  prepare,
  render: renderSubnet,
  refuseDelete: refuseUsed,
};
