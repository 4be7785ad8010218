/** The networks of other environments with which a stack makes a peering, before anything is changed. */
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../environment/cloud.ts";
import { resourceName } from "../environment/names.ts";
import type { PlannedPeer } from "../environment/peers.ts";
import { connect } from "./arm.ts";
import { find, questions, type Questions } from "./questions.ts";
import { resourceId } from "./resourceIds.ts";

/** Another environment's network. */
export interface PeerNetwork {
  peer: PlannedPeer;
  /** Resource ID, which follows from names. */
  id: string;
  /** What a network of the same name that was made anew does not have; undefined where Azure does not tell. */
  guid: string | undefined;
  /** Names of what is not there and has to be, with the resource group's; none where all is. */
  missing: string[];
}

const networkVersion = "2024-05-01";
const zoneVersion = "2024-06-01";

/**
 * The networks of those with which this stack makes the peering. Asks nothing where there are none.
 *
 * @throws pulumi.RunError where Azure does not tell.
 */
export async function peerNetworks(cloud: Cloud, peers: readonly PlannedPeer[]): Promise<PeerNetwork[]> {
  const made = peers.filter(({ makes }) => makes);
  if (made.length === 0) return [];
  const asking = questions((await connect(cloud, {})).rest);
  return Promise.all(
    made.map((peer) =>
      networkOf(asking, peer).catch((error: unknown) => {
        throw new pulumi.RunError(
          `Azure does not tell whether the network of ${peer.environment} stands; nothing was changed.\n` +
            `  ${(error as Error).message}\n  Every run that makes a peering asks for it: this identity needs to read ` +
            `in ${resourceName("resourceGroup", peer.stack)}, for example by the role Reader`,
        );
      }),
    ),
  );
}

/** https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks/get */
async function networkOf(asking: Questions, peer: PlannedPeer): Promise<PeerNetwork> {
  const resourceGroupName = resourceName("resourceGroup", peer.stack);
  const virtualNetworkName = resourceName("virtualNetwork", peer.stack);
  const privateZoneName = peer.privateDomain;
  const idOf = (type: string, name: Record<string, string>) =>
    resourceId(`azure-native:${type}`, { resourceGroupName, ...name }, asking.subscriptionId) ?? "";
  const id = idOf("network:VirtualNetwork", { virtualNetworkName });
  const [network, zone] = await Promise.all([
    find(asking, { path: id, apiVersion: networkVersion }),
    find(asking, { path: idOf("privatedns:PrivateZone", { privateZoneName }), apiVersion: zoneVersion }),
  ]);
  const { properties } = (network ?? {}) as { properties?: { resourceGuid?: string } };
  const missing = [...(network ? [] : [virtualNetworkName]), ...(zone ? [] : [privateZoneName])];
  return { peer, id, guid: properties?.resourceGuid, missing: missing.map((name) => `${resourceGroupName}/${name}`) };
}
