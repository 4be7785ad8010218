/** Microsoft.Network/virtualNetworks/virtualNetworkPeerings */
import { isDeepStrictEqual } from "node:util";
import type { VirtualNetwork } from "../../world.ts";
import { blockOf, overlaps } from "../addresses.ts";
import type { Context, StoreContext } from "../context.ts";
import { badRequest, notInLab } from "../errors.ts";
import { keyOf, parentOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import { networkType } from "./networkType.ts";
import { peeringBody, peeringIntroduced, type PeeringBody } from "./peeringSchema.ts";
import type { VirtualNetworkBody } from "./virtualNetworkSchema.ts";

const prefixesOf = (id: string, store: Store): string[] =>
  store.get<VirtualNetworkBody>(id)?.body.properties.addressSpace.addressPrefixes ?? [];

function prepare(draft: Draft<PeeringBody>, { store }: Context): void {
  const local = parentOf(draft.id);
  const remote = draft.body.properties.remoteVirtualNetwork.id;
  if (keyOf(local) === keyOf(remote)) {
    throw badRequest("VnetCannotPeerWithItself", `Virtual network ${local} cannot peer with itself.`);
  }
  const clash = prefixesOf(local, store).some((a) =>
    prefixesOf(remote, store).some((b) => overlaps(blockOf(a), blockOf(b))),
  );
  if (clash) {
    throw badRequest(
      "VnetAddressSpacesOverlap",
      `Cannot create or update peering ${draft.id}. Virtual networks ${local} and ${remote} cannot be peered because their address spaces overlap.`,
    );
  }
  const twin = store
    .children<PeeringBody>(local, types.peering)
    .find(
      (other) =>
        isLive(other) &&
        other.key !== keyOf(draft.id) &&
        keyOf(other.body.properties.remoteVirtualNetwork.id) === keyOf(remote),
    );
  if (twin) {
    throw badRequest(
      "AnotherPeeringAlreadyReferencesRemoteVnet",
      `Peering ${draft.id} cannot reference remote virtual network ${remote}. Another peering ${twin.id} belonging to the same parent virtual network already references this remote virtual network.`,
    );
  }
  refuseOverlap(draft, local, remote, store);
  const other = opposite(local, remote, store);
  if (other && other.computed.peer !== undefined && other.computed.peer !== draft.existing?.guid) {
    throw badRequest(
      "RemotePeeringIsDisconnected",
      `Cannot create or update peering ${draft.id} because remote peering ${other.id} referencing parent virtual network ${local} is in Disconnected state. Update or re-create the remote peering to get it back to Initiated state. Peering gets Disconnected when remote vnet or remote peering is deleted and re-created.`,
    );
  }
  // A peering that is put again begins anew, or goes on.
  if (draft.computed.peer !== other?.guid) delete draft.computed.peer;
}

/** Neither network can overlap one that the other is peered with already. */
function refuseOverlap(draft: Draft<PeeringBody>, local: string, remote: string, store: Store): void {
  for (const [first, second] of [[remote, local] as const, [local, remote] as const]) {
    const blocks = prefixesOf(first, store).map(blockOf);
    const clash = store
      .children<PeeringBody>(second, types.peering)
      .filter((other) => isLive(other) && other.key !== keyOf(draft.id))
      .map((other) => other.body.properties.remoteVirtualNetwork.id)
      .filter((id) => keyOf(id) !== keyOf(first))
      .find((id) => prefixesOf(id, store).some((prefix) => blocks.some((block) => overlaps(block, blockOf(prefix)))));
    if (clash === undefined) continue;
    throw badRequest(
      "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
      `Cannot create or update peering ${draft.id}. Virtual networks ${first} and ${second} cannot be peered because address space of the first virtual network overlaps with address space of virtual network ${clash} already peered with the second virtual network.`,
    );
  }
}

/** The live peering of the other network towards `local`. */
const opposite = (local: string, remote: string, store: Store): Resource<PeeringBody> | undefined =>
  store
    .children<PeeringBody>(remote, types.peering)
    .find((other) => isLive(other) && keyOf(other.body.properties.remoteVirtualNetwork.id) === keyOf(local));

/** A peering that was connected stays so with the same other side only, until it is put again. */
function peeringState(peering: Resource<PeeringBody>, store: Store): "Connected" | "Initiated" | "Disconnected" {
  const other = opposite(parentOf(peering.id), peering.body.properties.remoteVirtualNetwork.id, store);
  const { peer } = peering.computed;
  if (peer !== undefined && peer !== other?.guid) return "Disconnected";
  if (!other) return "Initiated";
  return other.computed.peer === undefined || other.computed.peer === peering.guid ? "Connected" : "Initiated";
}

/** Both sides remember each other. */
function applied(peering: Resource<PeeringBody>, _: unknown, __: PeeringBody, { store }: Context): void {
  const other = opposite(parentOf(peering.id), peering.body.properties.remoteVirtualNetwork.id, store);
  if (!other) return;
  store.put({ ...peering, computed: { ...peering.computed, peer: other.guid } }, false);
  store.put({ ...other, computed: { ...other.computed, peer: peering.guid } }, false);
}

function render(peering: Resource<PeeringBody>, { store }: Context): object {
  const remote = { addressPrefixes: prefixesOf(peering.body.properties.remoteVirtualNetwork.id, store) };
  return {
    properties: {
      provisioningState: peering.state,
      resourceGuid: peering.guid,
      peeringState: peeringState(peering, store),
      peeringSyncLevel: "FullyInSync",
      allowVirtualNetworkAccess: true,
      allowForwardedTraffic: false,
      allowGatewayTransit: false,
      useRemoteGateways: false,
      ...peering.body.properties,
      remoteAddressSpace: remote,
      remoteVirtualNetworkAddressSpace: remote,
    },
  };
}

export const peeringsOf = (network: Resource, context: Context): object[] =>
  context.store
    .children<PeeringBody>(network.id, types.peering)
    .filter(isLive)
    .map((peering) => ({
      name: peering.name,
      id: peering.id,
      etag: `W/"${peering.etag}"`,
      type: types.peering,
      ...render(peering, context),
    }));

/**
 * Keys of the networks that a network reaches through its peerings. `allowVirtualNetworkAccess: false` "only changes the
 * definition of the VirtualNetwork service tag": https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-peering
 */
export function peersOf(network: Resource, { store }: StoreContext): Pick<VirtualNetwork, "peers" | "untaggedPeers"> {
  const found = store
    .children<PeeringBody>(network.id, types.peering)
    .filter((peering) => isLive(peering) && peeringState(peering, store) === "Connected")
    .map(({ body: { properties } }) => properties);
  const keys = (given: typeof found): string[] => given.map((one) => keyOf(one.remoteVirtualNetwork.id));
  const untaggedPeers = keys(found.filter((one) => one.allowVirtualNetworkAccess === false));
  return { peers: keys(found), ...(untaggedPeers.length > 0 && { untaggedPeers }) };
}

/** Azure needs a synchronisation of every peering after such a change, until which the new range is not reached. */
export function refuseWhilePeered(network: Resource<VirtualNetworkBody>, prefixes: string[], store: Store): void {
  const before = network.body.properties.addressSpace.addressPrefixes;
  if (isDeepStrictEqual(new Set(before), new Set(prefixes))) return;
  const peering = store
    .ofType<PeeringBody>(types.peering)
    .find(
      ({ id, body }) =>
        keyOf(parentOf(id)) === network.key || keyOf(body.properties.remoteVirtualNetwork.id) === network.key,
    );
  if (peering)
    throw notInLab(`another address space of a network that is peered (${peering.id}); delete its peerings first`);
}

export const peerings: ResourceType<PeeringBody> = {
  ...networkType,
  type: types.peering,
  location: "inherited",
  schema: peeringBody,
  introduced: peeringIntroduced,
  patch: "none",
  prepare,
  applied,
  render,
};
