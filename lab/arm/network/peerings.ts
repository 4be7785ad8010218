/** Microsoft.Network/virtualNetworks/virtualNetworkPeerings */
import { blockOf, overlaps } from "../addresses.ts";
import type { Context, StoreContext } from "../context.ts";
import { badRequest } from "../errors.ts";
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
}

/** Both networks have a live peering towards each other. */
function connected(peering: Resource<PeeringBody>, store: Store): boolean {
  const remote = peering.body.properties.remoteVirtualNetwork.id;
  return store
    .children<PeeringBody>(remote, types.peering)
    .some(
      (other) => isLive(other) && keyOf(other.body.properties.remoteVirtualNetwork.id) === keyOf(parentOf(peering.id)),
    );
}

function render(peering: Resource<PeeringBody>, { store }: Context): object {
  const remote = { addressPrefixes: prefixesOf(peering.body.properties.remoteVirtualNetwork.id, store) };
  return {
    properties: {
      provisioningState: peering.state,
      resourceGuid: peering.guid,
      peeringState: connected(peering, store) ? "Connected" : "Initiated",
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

/** Keys of the networks that a network reaches through its peerings. */
export const peersOf = (network: Resource, { store }: StoreContext): string[] =>
  store
    .children<PeeringBody>(network.id, types.peering)
    .filter((peering) => isLive(peering) && connected(peering, store))
    .filter((peering) => peering.body.properties.allowVirtualNetworkAccess !== false)
    .map((peering) => keyOf(peering.body.properties.remoteVirtualNetwork.id));

export const peerings: ResourceType<PeeringBody> = {
  ...networkType,
  type: types.peering,
  location: "inherited",
  schema: peeringBody,
  introduced: peeringIntroduced,
  patch: "none",
  prepare,
  render,
};
