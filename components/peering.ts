/** The way between two environments: their networks see each other, and each finds the other's private names. */
import * as pulumi from "@pulumi/pulumi";
import { VirtualNetworkPeering } from "@pulumi/azure-native/network/virtualNetworkPeering.js";
import { VirtualNetworkLink } from "@pulumi/azure-native/privatedns/virtualNetworkLink.js";
import { resourceName, tags } from "../environment/names.ts";
import type { PlannedPeer } from "../environment/peers.ts";
import { refuse, unless, type EnvironmentArgs } from "./args.ts";

/** What a peering is made of. */
export interface PeeringArgs extends EnvironmentArgs {
  /** Resource ID of this environment's network. */
  networkId: pulumi.Input<string>;
  /** Domain of this environment's private zone, which stands before: it belongs into `after`. */
  privateDomain: string;
  /** The other environment, whose network and private zone stand in a resource group of their own. */
  peer: Pick<PlannedPeer, "stack" | "privateDomain">;
  /** Resource ID of its network. */
  peerNetworkId: pulumi.Input<string>;
  /**
   * What tells its network from an earlier one of the same name: another one is peered and linked anew, since Azure
   * leaves what was peered with the earlier one disconnected. Azure: `resourceGuid`. Default: nothing tells.
   */
  peerNetworkGuid?: string | undefined;
}

/**
 * Both halves of a peering, and a link of each environment's private zone to the other's network. Security groups say
 * what passes; nobody passes on what comes from elsewhere.
 */
export class Peering extends pulumi.ComponentResource {
  /** The resources of which the peering consists: what is in this environment's network and zone, and in the other's. */
  readonly nodes: {
    here: { half: VirtualNetworkPeering; link: VirtualNetworkLink };
    there: { half: VirtualNetworkPeering; link: VirtualNetworkLink };
  };

  constructor(name: string, args: PeeringArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("Peering", name, mistakesOf(args));
    super("platform:components:Peering", name, {}, opts);
    const { stack, environment, peer } = args;
    const own = { stack, group: args.resourceGroupName, networkId: args.networkId, domain: args.privateDomain };
    const other = {
      ...{ stack: peer.stack, group: resourceName("resourceGroup", peer.stack) },
      ...{ networkId: args.peerNetworkId, domain: peer.privateDomain },
    };
    const options = {
      parent: this,
      // Names stay what they are.
      ...{ replacementTrigger: args.peerNetworkGuid ?? "", deleteBeforeReplace: true },
    };

    const half = (suffix: string, from: typeof own, to: typeof own, after: pulumi.Resource[]) =>
      new VirtualNetworkPeering(
        `${name}-${suffix}`,
        {
          virtualNetworkPeeringName: resourceName("virtualNetworkPeering", from.stack, to.stack),
          resourceGroupName: from.group,
          virtualNetworkName: resourceName("virtualNetwork", from.stack),
          remoteVirtualNetwork: { id: to.networkId },
          allowVirtualNetworkAccess: true,
          allowForwardedTraffic: false,
          allowGatewayTransit: false,
          useRemoteGateways: false,
        },
        { ...options, dependsOn: after },
      );
    const link = (suffix: string, zone: typeof own, network: typeof own) =>
      new VirtualNetworkLink(
        `${name}-${suffix}-link`,
        {
          virtualNetworkLinkName: resourceName("virtualNetworkLink", network.stack),
          resourceGroupName: zone.group,
          privateZoneName: zone.domain,
          location: "Global",
          virtualNetwork: { id: network.networkId },
          registrationEnabled: false,
          tags: tags(environment),
        },
        { ...options, dependsOn: args.after ?? [] },
      );

    const here = half("here", own, other, args.after ?? []);
    this.nodes = {
      here: { half: here, link: link("here", own, other) },
      // Azure refuses a second change of a network while one is under way.
      there: { half: half("there", other, own, [here]), link: link("there", other, own) },
    };
    this.registerOutputs({});
  }
}

function mistakesOf({ stack, privateDomain, peer }: PeeringArgs) {
  return [
    ...unless(peer.stack !== stack, "peer.stack", peer.stack, "another stack than this one"),
    ...unless(
      peer.privateDomain !== privateDomain,
      "peer.privateDomain",
      peer.privateDomain,
      "another domain than this environment's",
    ),
  ];
}
