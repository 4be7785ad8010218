/** The stable private address in front of a tier, and how its connections are spread. */
import * as pulumi from "@pulumi/pulumi";
import { LoadBalancer } from "@pulumi/azure-native/network/loadBalancer.js";
import { resourceName, tags } from "../environment/names.ts";
import type { MachineGroup, PlannedService } from "../environment/plan.ts";
import type { Administrators } from "../environment/schema.ts";
import { balancingRule, frontendName, healthProbe, partIds, poolName } from "./loadBalancer.ts";
import { TierHAG } from "./tierHag.ts";
import { frontendZones } from "./zones.ts";

/** HAProxy machines that stand between the address and the tier. */
export interface BalancersArgs {
  machines: MachineGroup;
  administrators: Administrators;
  /** Subnet of the balancers. */
  subnetId: pulumi.Input<string>;
  /** First-boot configuration of a balancer, base64. */
  customData: string;
}

export interface PrivateLBArgs {
  stack: string;
  environment: string;
  resourceGroupName: pulumi.Input<string>;
  resourceGroupId: pulumi.Input<string>;
  /** Tier that the load balancer serves. */
  tier: string;
  /** Address, port and rule of balancing. */
  service: PlannedService;
  /** The tier's own subnet, in which the address lies. */
  subnetId: pulumi.Input<string>;
  zones: string[];
  /** Needed when `service.balance` is `connections` or `cpu`, which no Azure load balancer offers. */
  balancers?: BalancersArgs;
}

/** Pool of the HAProxy machines. */
const balancerPoolName = "balancers";

/**
 * One load balancer for each kind of server. `hash`: Azure's internal load balancer over the tier's machines.
 * `connections` and `cpu`: the same in front of a pair of HAProxy machines, which choose the server.
 *
 * Machines keep the pools that they were born into, and Azure takes no pool away that a machine is in. So both pools are
 * always there, the tier's machines are always in theirs, and a change of balance moves only the rule to the other pool.
 */
export class PrivateLB extends pulumi.ComponentResource {
  /** Private address that clients of the tier call. */
  readonly address: pulumi.Output<string>;
  /** Pool that the tier's machines join, whatever the balance. No traffic comes by it while HAProxy balances. */
  readonly memberPoolId: pulumi.Output<string>;
  /** The HAProxy machines, if any. */
  readonly balancers: TierHAG | undefined;

  constructor(name: string, args: PrivateLBArgs, opts?: pulumi.ComponentResourceOptions) {
    super("platform:components:PrivateLB", name, {}, opts);
    const { service, balancers } = args;
    if ((service.balance === "hash") !== (balancers === undefined)) {
      throw new RangeError(
        `load balancer of ${args.tier}: given balance ${service.balance} and ` +
          `${balancers ? "" : "no "}balancers, allowed are balancers exactly for connections and cpu`,
      );
    }
    const loadBalancerName = resourceName("internalLoadBalancer", args.stack, args.tier);
    const ids = partIds(args.resourceGroupId, loadBalancerName);

    const loadBalancer = new LoadBalancer(
      `${name}-lbi`,
      {
        loadBalancerName,
        resourceGroupName: args.resourceGroupName,
        sku: { name: "Standard", tier: "Regional" },
        frontendIPConfigurations: [
          {
            name: frontendName,
            privateIPAddress: service.address,
            privateIPAllocationMethod: "Static",
            privateIPAddressVersion: "IPv4",
            subnet: { id: args.subnetId },
            zones: frontendZones(args.zones),
          },
        ],
        backendAddressPools: [{ name: poolName }, { name: balancerPoolName }],
        probes: [healthProbe],
        loadBalancingRules: [
          balancingRule("service", service.port, healthProbe.name, ids, {
            pool: balancers ? balancerPoolName : poolName,
            disableOutboundSnat: false,
          }),
        ],
        // How the address is balanced: Azure's own properties tell it of `hash` only.
        tags: { ...tags(args.environment, args.tier), balance: service.balance },
      },
      { parent: this },
    );

    // Through the load balancer's own ID, so that machines are made after it.
    const poolId = (pool: string) => pulumi.interpolate`${loadBalancer.id}/backendAddressPools/${pool}`;

    this.balancers =
      balancers &&
      new TierHAG(
        `${name}-balancers`,
        {
          stack: args.stack,
          environment: args.environment,
          resourceGroupName: args.resourceGroupName,
          machines: balancers.machines,
          administrators: balancers.administrators,
          zones: args.zones,
          subnetId: balancers.subnetId,
          poolIds: [poolId(balancerPoolName)],
          customData: balancers.customData,
        },
        { parent: this },
      );

    this.memberPoolId = poolId(poolName);
    this.address = pulumi
      .output(loadBalancer.frontendIPConfigurations)
      .apply((frontends) => frontends?.[0]?.privateIPAddress ?? service.address);
    this.registerOutputs({ address: this.address });
  }
}
