/** The environment's private network: subnets, what may enter them, and the way out. */
import * as pulumi from "@pulumi/pulumi";
import { NatGateway } from "@pulumi/azure-native/network/natGateway.js";
import { NetworkSecurityGroup } from "@pulumi/azure-native/network/networkSecurityGroup.js";
import { PublicIPAddress } from "@pulumi/azure-native/network/publicIPAddress.js";
import { Subnet } from "@pulumi/azure-native/network/subnet.js";
import { VirtualNetwork } from "@pulumi/azure-native/network/virtualNetwork.js";
import type { Cidr } from "../environment/address.ts";
import type { Rule } from "../environment/flows.ts";
import { resourceName, tags } from "../environment/names.ts";
import type { PlannedSubnet } from "../environment/plan.ts";
import { frontendZones } from "./zones.ts";

export interface NetworkArgs {
  /** Name of the Pulumi stack; part of every resource's name. */
  stack: string;
  /** Environment for the tags, for example `development`. */
  environment: string;
  resourceGroupName: pulumi.Input<string>;
  /** Address space, a /16. Changing it builds the environment anew. */
  range: Cidr;
  /** Subnets with their inbound rules. Each keeps its block, so adding one moves no other. */
  subnets: PlannedSubnet[];
  /** Zones over which the outbound address is spread. */
  zones: string[];
}

/**
 * A virtual network with one subnet and one network security group for each kind of server, and a NAT gateway as the
 * only way out. Machines have no public addresses of their own.
 */
export class Network extends pulumi.ComponentResource {
  /** Resource ID of the virtual network. */
  readonly id: pulumi.Output<string>;
  /** Public address from which the environment's machines call the outside. */
  readonly outboundAddress: pulumi.Output<string>;
  private readonly subnetIds = new Map<string, pulumi.Output<string>>();

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("platform:components:Network", name, {}, opts);
    const { stack, environment, resourceGroupName } = args;

    const network = new VirtualNetwork(
      `${name}-vnet`,
      {
        virtualNetworkName: resourceName("virtualNetwork", stack),
        resourceGroupName,
        addressSpace: { addressPrefixes: [args.range] },
        tags: tags(environment),
      },
      {
        parent: this,
        // Subnets are resources of their own; the list inside the network would compete with them.
        ignoreChanges: ["subnets"],
      },
    );

    const outboundAddress = new PublicIPAddress(
      `${name}-nat-address`,
      {
        publicIpAddressName: resourceName("publicAddress", stack, "nat"),
        resourceGroupName,
        sku: { name: "Standard", tier: "Regional" },
        publicIPAllocationMethod: "Static",
        publicIPAddressVersion: "IPv4",
        zones: frontendZones(args.zones),
        tags: tags(environment),
      },
      { parent: this },
    );

    const natGateway = new NatGateway(
      `${name}-nat`,
      {
        natGatewayName: resourceName("natGateway", stack),
        resourceGroupName,
        sku: { name: "Standard" },
        publicIpAddresses: [{ id: outboundAddress.id }],
        idleTimeoutInMinutes: 4,
        tags: tags(environment),
      },
      { parent: this },
    );

    let previous: pulumi.Resource = natGateway;
    for (const planned of args.subnets) {
      const securityGroup = new NetworkSecurityGroup(
        `${name}-${planned.name}-nsg`,
        {
          networkSecurityGroupName: resourceName("networkSecurityGroup", stack, planned.name),
          resourceGroupName,
          securityRules: planned.rules.map(securityRule),
          tags: tags(environment, planned.name),
        },
        { parent: this },
      );

      const subnet: Subnet = new Subnet(
        `${name}-${planned.name}-subnet`,
        {
          subnetName: resourceName("subnet", stack, planned.name),
          resourceGroupName,
          virtualNetworkName: network.name,
          addressPrefix: planned.prefix,
          networkSecurityGroup: { id: securityGroup.id },
          natGateway: { id: natGateway.id },
          defaultOutboundAccess: false,
          privateEndpointNetworkPolicies: "Enabled",
        },
        {
          parent: this,
          // Azure refuses a second change of a network while one is under way.
          dependsOn: [previous],
        },
      );
      this.subnetIds.set(planned.name, subnet.id);
      previous = subnet;
    }

    this.id = network.id;
    this.outboundAddress = outboundAddress.ipAddress.apply((address) => address ?? "");
    this.registerOutputs({ id: this.id, outboundAddress: this.outboundAddress });
  }

  /** Resource ID of a subnet by its name, for example `front`. */
  subnetId(name: string): pulumi.Output<string> {
    const id = this.subnetIds.get(name);
    if (!id) throw new RangeError(`subnet: given ${name}, allowed are ${[...this.subnetIds.keys()].join(", ")}`);
    return id;
  }
}

/** A rule in ARM's form. */
function securityRule({ name, priority, access, protocol, sources, ports }: Rule) {
  return {
    name,
    priority,
    access,
    protocol,
    direction: "Inbound",
    ...(typeof sources === "string" ? { sourceAddressPrefix: sources } : { sourceAddressPrefixes: sources }),
    sourcePortRange: "*",
    destinationAddressPrefix: "*",
    ...(ports.length === 1 ? { destinationPortRange: ports[0] } : { destinationPortRanges: ports }),
  };
}
