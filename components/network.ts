/** The environment's private network: subnets, what may enter them, and the way out. */
import * as pulumi from "@pulumi/pulumi";
import { NatGateway } from "@pulumi/azure-native/network/natGateway.js";
import { NetworkSecurityGroup } from "@pulumi/azure-native/network/networkSecurityGroup.js";
import { PublicIPAddress } from "@pulumi/azure-native/network/publicIPAddress.js";
import { Subnet } from "@pulumi/azure-native/network/subnet.js";
import { VirtualNetwork } from "@pulumi/azure-native/network/virtualNetwork.js";
import { contains, overlaps, parseCidr, type Cidr } from "../environment/address.ts";
import type { Rule } from "../environment/flows.ts";
import { resourceName, tags } from "../environment/names.ts";
import type { OutboundRule } from "../environment/outbound.ts";
import type { PlannedSubnet } from "../environment/subnets.ts";
import { refuse, unless, type EnvironmentArgs } from "./args.ts";
import { frontendZones } from "./zones.ts";

/** What a network is made of. */
export interface NetworkArgs extends EnvironmentArgs {
  /** Address space, for example `10.20.0.0/16`. A change builds the environment anew. Azure: `addressSpace`. */
  addressPrefix: Cidr;
  /** Subnets with their rules. Each keeps its block, so adding one moves no other. */
  subnets: PlannedSubnet[];
  /** Availability zones, `1` to `3`, over which the outbound address is spread. Fixed: Azure refuses a change. */
  zones: readonly string[];
}

/**
 * A virtual network with one subnet and one network security group for each tier, and a NAT gateway as the
 * only way out. Machines have no public addresses of their own.
 *
 * What refers to a subnet is made after all of them: it takes the network in its argument `after`.
 */
export class Network extends pulumi.ComponentResource {
  /** Resource ID of the virtual network. */
  readonly id: pulumi.Output<string>;
  /** Public address from which the environment's machines call the outside. */
  readonly outboundAddress: pulumi.Output<string>;
  /** The resources of which the network consists; subnets and security groups by the subnet's name. */
  readonly nodes: {
    virtualNetwork: VirtualNetwork;
    outboundAddress: PublicIPAddress;
    natGateway: NatGateway;
    subnets: Record<string, Subnet>;
    securityGroups: Record<string, NetworkSecurityGroup>;
  };

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("Network", name, mistakesOf(args));
    for (const subnet of args.subnets) resourceName("networkSecurityGroup", args.stack, subnet.name);
    super("platform:components:Network", name, {}, opts);
    const { stack, environment, resourceGroupName } = args;

    const virtualNetwork = new VirtualNetwork(
      `${name}-vnet`,
      {
        virtualNetworkName: resourceName("virtualNetwork", stack),
        resourceGroupName,
        addressSpace: { addressPrefixes: [args.addressPrefix] },
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

    this.nodes = { virtualNetwork, outboundAddress, natGateway, subnets: {}, securityGroups: {} };
    let previous: pulumi.Resource = natGateway;
    for (const planned of args.subnets) {
      const securityGroup = new NetworkSecurityGroup(
        `${name}-${planned.name}-nsg`,
        {
          networkSecurityGroupName: resourceName("networkSecurityGroup", stack, planned.name),
          resourceGroupName,
          securityRules: [...planned.rules.map(inboundRule), ...planned.outboundRules.map(outboundRule)],
          tags: tags(environment, planned.name),
        },
        { parent: this },
      );

      const subnet: Subnet = new Subnet(
        `${name}-${planned.name}-subnet`,
        {
          subnetName: resourceName("subnet", stack, planned.name),
          resourceGroupName,
          virtualNetworkName: virtualNetwork.name,
          addressPrefix: planned.addressPrefix,
          networkSecurityGroup: { id: securityGroup.id },
          natGateway: { id: natGateway.id },
          defaultOutboundAccess: false,
          privateEndpointNetworkPolicies: "Enabled",
          // Vault and account see the machines' own addresses, and let their subnets in.
          serviceEndpoints: planned.serviceEndpoints.map((service) => ({ service })),
        },
        {
          parent: this,
          // Azure refuses a second change of a network while one is under way.
          dependsOn: [previous],
        },
      );
      this.nodes.securityGroups[planned.name] = securityGroup;
      this.nodes.subnets[planned.name] = subnet;
      previous = subnet;
    }

    this.id = virtualNetwork.id;
    this.outboundAddress = outboundAddress.ipAddress.apply((address) => address ?? "");
    this.registerOutputs({ id: this.id, outboundAddress: this.outboundAddress });
  }

  /** Resource ID of a subnet by its name, for example `front`. */
  subnetId(name: string): pulumi.Output<string> {
    const { subnets } = this.nodes;
    const subnet = subnets[name];
    if (!subnet) throw new RangeError(`subnet: given ${name}, allowed are ${Object.keys(subnets).join(", ")}`);
    return subnet.id;
  }
}

function mistakesOf({ addressPrefix, subnets }: NetworkArgs) {
  return [
    ...unless(
      parseCidr(addressPrefix) !== undefined,
      "addressPrefix",
      addressPrefix,
      "an IPv4 block, for example 10.20.0.0/16",
    ),
    ...subnets.flatMap((subnet, index) => {
      const path = `subnets.${subnet.name}`;
      const before = subnets.slice(0, index);
      const twin = before.find((other) => overlaps(other.addressPrefix, subnet.addressPrefix));
      const directions = { rules: subnet.rules, outboundRules: subnet.outboundRules };
      return [
        ...unless(!before.some((other) => other.name === subnet.name), path, subnet.name, "a name of its own"),
        ...unless(
          contains(addressPrefix, subnet.addressPrefix),
          `${path}.addressPrefix`,
          subnet.addressPrefix,
          `a block in ${addressPrefix}`,
        ),
        ...unless(
          !twin,
          `${path}.addressPrefix`,
          subnet.addressPrefix,
          `a block of its own; ${twin?.name} has ${twin?.addressPrefix}`,
        ),
        ...Object.entries(directions).flatMap(([direction, rules]) => {
          const priorities = rules.map(({ priority }) => priority);
          return unless(
            new Set(priorities).size === priorities.length && priorities.every((each) => each >= 100 && each <= 4096),
            `${path}.${direction}`,
            priorities,
            "a priority of its own for each, from 100 to 4096",
          );
        }),
        // Azure takes a tag alone only.
        ...subnet.outboundRules.flatMap(({ name, destinations }) =>
          unless(
            destinations.length === 1 || (destinations.length > 1 && destinations.every(parseCidr)),
            `${path}.outboundRules.${name}`,
            destinations,
            "one destination, or several IPv4 blocks",
          ),
        ),
      ];
    }),
  ];
}

/** An inbound rule in ARM's form. */
function inboundRule({ name, priority, access, protocol, sources, ports }: Rule) {
  return {
    name,
    priority,
    access,
    protocol,
    direction: "Inbound",
    ...(typeof sources === "string" ? { sourceAddressPrefix: sources } : { sourceAddressPrefixes: sources }),
    sourcePortRange: "*",
    destinationAddressPrefix: "*",
    ...destinationPorts(ports),
  };
}

/** An outbound rule in ARM's form. */
function outboundRule({ name, priority, access, protocol, destinations, ports }: OutboundRule) {
  return {
    name,
    priority,
    access,
    protocol,
    direction: "Outbound",
    sourceAddressPrefix: "*",
    sourcePortRange: "*",
    ...(destinations.length === 1
      ? { destinationAddressPrefix: destinations[0] }
      : { destinationAddressPrefixes: destinations }),
    ...destinationPorts(ports),
  };
}

function destinationPorts(ports: string[]) {
  return ports.length === 1 ? { destinationPortRange: ports[0] } : { destinationPortRanges: ports };
}
