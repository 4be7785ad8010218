/** The only way into an environment. */
import * as pulumi from "@pulumi/pulumi";
import { LoadBalancer } from "@pulumi/azure-native/network/loadBalancer.js";
import { PublicIPAddress } from "@pulumi/azure-native/network/publicIPAddress.js";
import { sshPort } from "../environment/flows.ts";
import { resourceName, tags } from "../environment/names.ts";
import { refuse, type EnvironmentArgs, type FrontendArgs, type MachineArgs } from "./args.ts";
import { balancingRule, frontendName, healthProbe, partIds, poolName } from "./loadBalancer.ts";
import { machineMistakes, TierHAG } from "./tierHag.ts";
import { frontendZones } from "./zones.ts";

/** What a reverse proxy is made of. Its subnet is the only one that is open to the outside. */
export type ReverseProxyArgs = EnvironmentArgs & FrontendArgs & MachineArgs;

/** A sick proxy must stay reachable by SSH: that is the way by which Ansible mends it. */
const sshProbe = { name: "ssh", protocol: "Tcp", port: sshPort, intervalInSeconds: 5, probeThreshold: 2 };

/**
 * nginx machines behind a public load balancer with the environment's one public address. They route each host name to
 * its tier's private load balancer, and are the jump host for administrators.
 */
export class ReverseProxy extends pulumi.ComponentResource {
  /** The environment's public address. */
  readonly publicAddress: pulumi.Output<string>;
  /** The resources of which the reverse proxy consists. */
  readonly nodes: { address: PublicIPAddress; loadBalancer: LoadBalancer; machines: TierHAG };

  constructor(name: string, args: ReverseProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    const { stack, environment, resourceGroupName } = args;
    const publicIpAddressName = resourceName("publicAddress", stack);
    const loadBalancerName = resourceName("externalLoadBalancer", stack);
    refuse("ReverseProxy", name, machineMistakes("", stack, args));
    super("platform:components:ReverseProxy", name, {}, opts);

    const address = new PublicIPAddress(
      `${name}-address`,
      {
        publicIpAddressName,
        resourceGroupName,
        sku: { name: "Standard", tier: "Regional" },
        publicIPAllocationMethod: "Static",
        publicIPAddressVersion: "IPv4",
        zones: frontendZones(args.zones),
        tags: tags(environment, "reverse-proxy"),
      },
      { parent: this },
    );

    const ids = partIds(args.resourceGroupId, loadBalancerName);
    // Outbound traffic takes the NAT gateway.
    const options = { pool: poolName, disableOutboundSnat: true };
    const loadBalancer = new LoadBalancer(
      `${name}-lbe`,
      {
        loadBalancerName,
        resourceGroupName,
        sku: { name: "Standard", tier: "Regional" },
        frontendIPConfigurations: [{ name: frontendName, publicIPAddress: { id: address.id } }],
        backendAddressPools: [{ name: poolName }],
        probes: [healthProbe, sshProbe],
        loadBalancingRules: [
          balancingRule("http", 80, healthProbe.name, ids, options),
          balancingRule("https", 443, healthProbe.name, ids, options),
          balancingRule("ssh", sshPort, sshProbe.name, ids, options),
        ],
        tags: tags(environment, "reverse-proxy"),
      },
      { parent: this },
    );

    const machines = new TierHAG(
      `${name}-machines`,
      {
        stack,
        environment,
        resourceGroupName,
        ...(args.after ? { after: args.after } : {}),
        machines: args.machines,
        administrators: args.administrators,
        subnetId: args.subnetId,
        customData: args.customData,
        identityId: args.identityId,
        imageVersion: args.imageVersion,
        poolIds: [pulumi.interpolate`${loadBalancer.id}/backendAddressPools/${poolName}`],
      },
      { parent: this },
    );

    this.nodes = { address, loadBalancer, machines };
    this.publicAddress = address.ipAddress.apply((value) => value ?? "");
    this.registerOutputs({ publicAddress: this.publicAddress });
  }
}
