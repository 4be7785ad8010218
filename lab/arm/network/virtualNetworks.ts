/** Microsoft.Network/virtualNetworks, with its subnets inline or as resources of their own. */
import { z } from "zod";
import { overlaps } from "../addresses.ts";
import { badRequest } from "../errors.ts";
import { keyOf } from "../ids.ts";
import { choice, envelope, ignored, range, reference, tracked } from "../schema.ts";
import { isLive } from "../store.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";
import { networkName, types } from "./names.ts";
import { peeringsOf } from "./peerings.ts";
import {
  checkPrefixes,
  prefixBlock,
  refuseUsed,
  renderSubnet,
  subnetPrefix,
  subnetProperties,
  type SubnetBody,
} from "./subnets.ts";

const body = z.strictObject({
  ...tracked,
  properties: z.strictObject({
    addressSpace: z.strictObject({
      addressPrefixes: z.array(z.string()).min(1, "A network needs at least one prefix"),
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
    ddosProtectionPlan: reference.optional(),
    virtualNetworkPeerings: ignored,
    defaultPublicNatGateway: ignored,
    ipAllocations: ignored,
    flowLogs: ignored,
    resourceGuid: ignored,
    provisioningState: ignored,
  }),
});

export type VirtualNetworkBody = z.infer<typeof body>;

const subnetsOf = (id: string, context: Context): Resource<SubnetBody>[] =>
  context.store.children<SubnetBody>(id, types.subnet).filter(isLive);

function prepare(draft: Draft<VirtualNetworkBody>, context: Context): void {
  const { addressSpace, subnets } = draft.body.properties;
  const blocks = addressSpace.addressPrefixes.map((prefix) => prefixBlock(prefix, draft.id));
  if (blocks.some((block, index) => blocks.slice(0, index).some((other) => overlaps(block, other)))) {
    throw badRequest(
      "AddressPrefixesOverlap",
      `The address prefixes ${addressSpace.addressPrefixes.join(", ")} of resource ${draft.id} overlap each other.`,
    );
  }
  const names = subnets?.map((subnet) => subnet.name.toLowerCase()) ?? [];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw badRequest(
      "DuplicateResourceName",
      `Resource ${draft.id} has two child resources with the same name (${twice}).`,
    );
  const wanted = subnets?.map((subnet) => ({ name: subnet.name, prefix: subnetPrefix(subnet) }));
  const kept = subnetsOf(draft.id, context).map((subnet) => ({ name: subnet.name, prefix: subnetPrefix(subnet.body) }));
  checkPrefixes({ id: draft.id, prefixes: addressSpace.addressPrefixes }, wanted ?? kept);
  for (const subnet of subnetsOf(draft.id, context)) {
    if (subnets && !names.includes(subnet.name.toLowerCase())) refuseUsed(subnet, context);
  }
}

/** A list of subnets replaces what there was; without a list they stay, as Azure does it since 2023. */
function applied(network: Resource<VirtualNetworkBody>, _: unknown, given: VirtualNetworkBody, context: Context): void {
  const wanted = given.properties.subnets;
  if (!wanted) return;
  const { store } = context;
  const names = wanted.map((subnet) => subnet.name.toLowerCase());
  for (const subnet of subnetsOf(network.id, context)) {
    if (!names.includes(subnet.name.toLowerCase())) store.put({ ...subnet, state: "Deleting" }, true);
  }
  for (const { name, properties } of wanted) {
    const id = `${network.id}/subnets/${name}`;
    const existing = store.get<SubnetBody>(id);
    if (!existing) store.create(id, types.subnet, { properties }, {}, "Creating");
    else if (JSON.stringify(existing.body) !== JSON.stringify({ properties }))
      store.put({ ...existing, body: { properties }, state: "Updating" }, true);
  }
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

export const virtualNetworks: ResourceType<VirtualNetworkBody> = {
  type: types.virtualNetwork,
  dialect: "network",
  location: "regional",
  name: { ...networkName, pattern: /^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_])?$/ },
  schema: body,
  asynchronous: true,
  patch: "tags",
  stored: (given) => ({ ...given, properties: { ...given.properties, subnets: undefined } }),
  prepare,
  applied,
  render,
  refuseDelete: (network, context) => {
    for (const subnet of subnetsOf(network.id, context)) refuseUsed(subnet, context);
  },
  deleting: (network, { store }) => {
    for (const child of store.all().filter((one) => one.key.startsWith(`${keyOf(network.id)}/`))) {
      store.put({ ...child, state: "Deleting" }, true);
    }
  },
};
