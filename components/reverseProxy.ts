/** The only way into an environment. */
import * as pulumi from "@pulumi/pulumi";
import { LoadBalancer } from "@pulumi/azure-native/network/loadBalancer.js";
import { PublicIPAddress } from "@pulumi/azure-native/network/publicIPAddress.js";
import { sshPort } from "../environment/flows.ts";
import { resourceName, tags } from "../environment/names.ts";
import { refuse, unless, type EnvironmentArgs, type FrontendArgs, type MachineArgs } from "./args.ts";
import {
  balancingRule,
  frontendName,
  healthProbe,
  partIds,
  poolName,
  privateAddressOf,
  privateFrontend,
} from "./loadBalancer.ts";
import { machineMistakes, TierHAG } from "./tierHag.ts";
import { frontendZones } from "./zones.ts";

/** What a reverse proxy is made of. Its subnet is the only one that is open to the outside. */
export interface ReverseProxyArgs extends EnvironmentArgs, FrontendArgs, MachineArgs {
  /** There is a public address. One that is taken away is another one when it comes back. */
  public: boolean;
  /** Address in the subnet at which other environments call. Default: none calls. A change builds the front end anew. */
  internalAddress?: string | undefined;
}

/** A sick proxy must stay reachable by SSH: that is the way by which Ansible mends it. */
const sshProbe = { name: "ssh", protocol: "Tcp", port: sshPort, intervalInSeconds: 5, probeThreshold: 2 };

/** What is passed on, and what is asked whether a machine gets it. Between environments there is no HTTPS. */
const services = [
  { rule: "http", port: 80, probe: healthProbe, internal: true },
  { rule: "https", port: 443, probe: healthProbe, internal: false },
  { rule: "ssh", port: sshPort, probe: sshProbe, internal: true },
];

/** One of the load balancers in front of the machines. */
interface Balancer {
  loadBalancerName: string;
  /** Where it is called, without a name. */
  frontend: { publicIPAddress: { id: pulumi.Input<string> } } | ReturnType<typeof privateFrontend>;
  passed: typeof services;
  disableOutboundSnat: boolean;
  /** What must exist before. */
  after?: pulumi.Resource[] | undefined;
}

/**
 * nginx machines behind a public load balancer with the environment's one public address, an internal one for other
 * environments, or both. They route each host name to its tier's private load balancer, and are the jump host for
 * administrators.
 */
export class ReverseProxy extends pulumi.ComponentResource {
  /** The environment's public address; undefined where it has none. */
  readonly publicAddress: pulumi.Output<string> | undefined;
  /** Address at which other environments call; undefined where none does. */
  readonly internalAddress: pulumi.Output<string> | undefined;
  /** Pools of the load balancers, which the machines join. */
  readonly poolIds: pulumi.Output<string>[];
  /** The resources of which the reverse proxy consists. */
  readonly nodes: {
    address?: PublicIPAddress;
    loadBalancer?: LoadBalancer;
    internalLoadBalancer?: LoadBalancer;
    machines: TierHAG;
  };

  constructor(name: string, args: ReverseProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    const { stack, environment, resourceGroupName, internalAddress } = args;
    const publicIpAddressName = resourceName("publicAddress", stack);
    refuse("ReverseProxy", name, mistakesOf(args));
    super("platform:components:ReverseProxy", name, {}, opts);

    const address = args.public
      ? new PublicIPAddress(
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
        )
      : undefined;
    const loadBalancer =
      address &&
      this.balancer(`${name}-lbe`, args, {
        loadBalancerName: resourceName("externalLoadBalancer", stack),
        frontend: { publicIPAddress: { id: address.id } },
        passed: services,
        // Outbound traffic takes the NAT gateway.
        disableOutboundSnat: true,
      });
    const internalLoadBalancer =
      internalAddress === undefined
        ? undefined
        : this.balancer(`${name}-lbi`, args, {
            loadBalancerName: resourceName("internalLoadBalancer", stack, "reverse-proxy"),
            frontend: privateFrontend(internalAddress, args),
            passed: services.filter(({ internal }) => internal),
            disableOutboundSnat: false,
            after: args.after,
          });
    const loadBalancers = [loadBalancer, internalLoadBalancer].filter((one) => one !== undefined);
    this.poolIds = loadBalancers.map(({ id }) => pulumi.interpolate`${id}/backendAddressPools/${poolName}`);

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
        poolIds: this.poolIds,
      },
      { parent: this },
    );

    this.nodes = {
      ...(address ? { address } : {}),
      ...(loadBalancer ? { loadBalancer } : {}),
      ...(internalLoadBalancer ? { internalLoadBalancer } : {}),
      machines,
    };
    this.publicAddress = address?.ipAddress.apply((value) => value ?? "");
    this.internalAddress = internalLoadBalancer && privateAddressOf(internalLoadBalancer, internalAddress ?? "");
    this.registerOutputs({ publicAddress: this.publicAddress, internalAddress: this.internalAddress });
  }

  private balancer(name: string, args: ReverseProxyArgs, what: Balancer): LoadBalancer {
    const { loadBalancerName, frontend, passed, disableOutboundSnat, after } = what;
    const ids = partIds(args.resourceGroupId, loadBalancerName);
    return new LoadBalancer(
      name,
      {
        loadBalancerName,
        resourceGroupName: args.resourceGroupName,
        sku: { name: "Standard", tier: "Regional" },
        frontendIPConfigurations: [{ name: frontendName, ...frontend }],
        backendAddressPools: [{ name: poolName }],
        probes: [healthProbe, sshProbe],
        loadBalancingRules: passed.map(({ rule, port, probe }) =>
          balancingRule(rule, port, probe.name, ids, { pool: poolName, disableOutboundSnat }),
        ),
        tags: tags(args.environment, "reverse-proxy"),
      },
      { parent: this, dependsOn: after ?? [] },
    );
  }
}

function mistakesOf(args: ReverseProxyArgs) {
  return [
    ...machineMistakes("", args.stack, args),
    ...unless(
      args.public || args.internalAddress !== undefined,
      "public",
      "false without an internalAddress",
      "true, or an address at which other environments call; else nobody gets in",
    ),
  ];
}
