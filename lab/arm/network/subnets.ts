/** Microsoft.Network/virtualNetworks/subnets */
import type { Subnet } from "../../world.ts";
import { blockOf, overlaps, parseBlock, within } from "../addresses.ts";
import type { Context, StoreContext } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { effectiveRules } from "./effectiveRules.ts";
import type { NatGatewayBody } from "./natGatewaySchema.ts";
import { networkType } from "./networkType.ts";
import { addressesIn, configurationsIn } from "./privateAddresses.ts";
import { subnetBody, subnetIntroduced, subnetPrefix, type SubnetBody } from "./subnetSchema.ts";
import type { VirtualNetworkBody } from "./virtualNetworkSchema.ts";

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

export function projectSubnet(subnet: Resource<SubnetBody>, { store }: StoreContext): Subnet {
  const { networkSecurityGroup, natGateway, serviceEndpoints = [] } = subnet.body.properties;
  const rules = effectiveRules(networkSecurityGroup?.id, store);
  const gateway = natGateway && store.live<NatGatewayBody>(natGateway.id);
  const [outbound] = gateway?.body.properties.publicIpAddresses ?? [];
  const natAddress = outbound && store.live(outbound.id)?.computed.address;
  return {
    id: subnet.key,
    name: subnet.name,
    prefix: subnetPrefix(subnet.body),
    ...(rules && { rules }),
    ...(natAddress && { natAddress }),
    ...(serviceEndpoints.length > 0 && { serviceEndpoints: serviceEndpoints.map(({ service }) => service) }),
  };
}

export const subnets: ResourceType<SubnetBody> = {
  ...networkType,
  type: types.subnet,
  location: "inherited",
  schema: subnetBody,
  introduced: subnetIntroduced,
  patch: "none",
  prepare,
  render: renderSubnet,
  refuseDelete: refuseUsed,
};
