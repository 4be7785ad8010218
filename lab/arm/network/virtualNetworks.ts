/** Microsoft.Network/virtualNetworks, with its subnets inline or as resources of their own. */
import { blockOf, overlaps } from "../addresses.ts";
import type { Context, StoreContext } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Draft, Projection, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { isListed, refuseDuplicateNames, replaceChildren } from "./inlineChildren.ts";
import { networkType } from "./networkType.ts";
import { peeringsOf, peersOf, refuseWhilePeered } from "./peerings.ts";
import { subnetPrefix, type SubnetBody } from "./subnetSchema.ts";
import { checkPrefixes, prefixBlock, projectSubnet, refuseUsed, renderSubnet } from "./subnets.ts";
import { networkIntroduced, virtualNetworkBody, type VirtualNetworkBody } from "./virtualNetworkSchema.ts";

const subnetsOf = (id: string, context: StoreContext): Resource<SubnetBody>[] =>
  context.store.children<SubnetBody>(id, types.subnet).filter(isLive);

/** Multicast, broadcast, loopback, link-local, and Azure's own address. The code of their refusal is not known. */
const reservedRanges = ["224.0.0.0/4", "255.255.255.255/32", "127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32"];

function prepare(draft: Draft<VirtualNetworkBody>, context: Context): void {
  const { addressSpace, subnets } = draft.body.properties;
  const blocks = addressSpace.addressPrefixes.map((prefix) => prefixBlock(prefix, draft.id));
  const kept = reservedRanges.find((range) => blocks.some((block) => overlaps(block, blockOf(range))));
  if (kept !== undefined)
    throw badRequest(
      "AddressPrefixNotAllowed",
      `The address prefixes ${addressSpace.addressPrefixes.join(", ")} of resource ${draft.id} have addresses of ${kept}, which virtual networks cannot have.`,
    );
  if (blocks.some((block, index) => blocks.slice(0, index).some((other) => overlaps(block, other)))) {
    throw badRequest(
      "AddressPrefixesOverlap",
      `The address prefixes ${addressSpace.addressPrefixes.join(", ")} of resource ${draft.id} overlap each other.`,
    );
  }
  if (draft.existing) refuseWhilePeered(draft.existing, addressSpace.addressPrefixes, context.store);
  refuseDuplicateNames(draft.id, subnets ?? []);
  const wanted = subnets?.map((subnet) => ({ name: subnet.name, prefix: subnetPrefix(subnet) }));
  const stored = subnetsOf(draft.id, context).map((subnet) => ({
    name: subnet.name,
    prefix: subnetPrefix(subnet.body),
  }));
  checkPrefixes({ id: draft.id, prefixes: addressSpace.addressPrefixes }, wanted ?? stored);
  for (const subnet of subnetsOf(draft.id, context)) {
    if (subnets && !isListed(subnet, subnets)) refuseUsed(subnet, context);
  }
}

/** A list of subnets replaces what there was; without a list they stay, as Azure does it since 2023. */
function applied(network: Resource<VirtualNetworkBody>, _: unknown, given: VirtualNetworkBody, context: Context): void {
  const { store } = context;
  const { subnets } = given.properties;
  if (!subnets) return;
  replaceChildren(network, types.subnet, subnets, store, (subnet) => store.put({ ...subnet, state: "Deleting" }, true));
}

function render(network: Resource<VirtualNetworkBody>, context: Context): object {
  const children = subnetsOf(network.id, context).map((subnet) => ({
    name: subnet.name,
    id: subnet.id,
    etag: `W/"${subnet.etag}"`,
    type: types.subnet,
    ...renderSubnet(subnet, context),
  }));
  return {
    properties: {
      provisioningState: network.state,
      resourceGuid: network.guid,
      enableDdosProtection: false,
      privateEndpointVNetPolicies: "Disabled",
      ...network.body.properties,
      subnets: children,
      virtualNetworkPeerings: peeringsOf(network, context),
    },
  };
}

function project(network: Resource<VirtualNetworkBody>, context: StoreContext): Projection {
  const planned = {
    id: network.key,
    name: network.name,
    prefixes: network.body.properties.addressSpace.addressPrefixes,
    subnets: subnetsOf(network.id, context).map((subnet) => projectSubnet(subnet, context)),
    ...peersOf(network, context),
  };
  return { networks: [planned] };
}

export const virtualNetworks: ResourceType<VirtualNetworkBody> = {
  ...networkType,
  type: types.virtualNetwork,
  location: "regional",
  name: {
    rule: networkType.name.rule.replace("80 characters at most", "2-64 characters"),
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]$/,
  },
  schema: virtualNetworkBody,
  introduced: networkIntroduced,
  patch: "tags",
  stored: (given) => ({ ...given, properties: { ...given.properties, subnets: undefined } }),
  prepare,
  applied,
  render,
  project,
  refuseDelete: (network, context) => {
    for (const subnet of subnetsOf(network.id, context)) refuseUsed(subnet, context);
  },
  deleting: (network, { store }) => {
    for (const child of store.all().filter((one) => one.key.startsWith(`${keyOf(network.id)}/`))) {
      store.put({ ...child, state: "Deleting" }, true);
    }
  },
};
