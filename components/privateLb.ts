/** The stable private address in front of a tier, and how its connections are spread. */
import * as pulumi from "@pulumi/pulumi";
import { LoadBalancer } from "@pulumi/azure-native/network/loadBalancer.js";
import { greatestPort } from "../environment/flows.ts";
import { resourceName, tags } from "../environment/names.ts";
import type { PlannedService } from "../environment/plan.ts";
import { movingTo, portTag } from "../environment/portMoves.ts";
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

/** What a private load balancer is made of. */
export interface PrivateLBArgs extends EnvironmentArgs, FrontendArgs {
  /** Name of the tier that the load balancer serves. A change builds it anew. */
  tier: string;
  /** Address, ports and way of balancing. A change of the address builds the front end anew. */
  service: PlannedService;
  /** Resource ID of the tier's own subnet, in which the address lies. */
  subnetId: pulumi.Input<string>;
  /**
   * HAProxy machines that stand between the address and the tier, in a subnet of their own. Needed when
   * `service.balance` is `connections` or `cpu`, which no Azure load balancer offers; else absent.
   */
  balancers?: MachineArgs;
}

/** Pool of the HAProxy machines. */
const balancerPoolName = "balancers";

/**
 * One load balancer for each tier. `hash`: Azure's internal load balancer over the tier's machines.
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
  /** Pool that the HAProxy machines join. */
  readonly balancerPoolId: pulumi.Output<string>;
  /** The resources of which the load balancer consists; `balancers` are the HAProxy machines, if any. */
  readonly nodes: { loadBalancer: LoadBalancer; balancers?: TierHAG };

  constructor(name: string, args: PrivateLBArgs, opts?: pulumi.ComponentResourceOptions) {
    const { stack, environment, resourceGroupName, service, balancers } = args;
    const loadBalancerName = resourceName("internalLoadBalancer", stack, args.tier);
    refuse("PrivateLB", name, mistakesOf(args));
    super("platform:components:PrivateLB", name, {}, opts);
    const ids = partIds(args.resourceGroupId, loadBalancerName);

    const loadBalancer = new LoadBalancer(
      `${name}-lbi`,
      {
        loadBalancerName,
        resourceGroupName,
        sku: { name: "Standard", tier: "Regional" },
        frontendIPConfigurations: [{ name: frontendName, ...privateFrontend(service.address, args) }],
        backendAddressPools: [{ name: poolName }, { name: balancerPoolName }],
        probes: [healthProbe],
        loadBalancingRules: service.ports.map(({ port, rule }) =>
          balancingRule(rule, port, healthProbe.name, ids, {
            pool: balancers ? balancerPoolName : poolName,
            disableOutboundSnat: false,
          }),
        ),
        // How the address is balanced: Azure's own properties tell it of `hash` only. And whether a port moves: the next
        // run of the program finds it here.
        tags: {
          ...tags(environment, args.tier),
          balance: service.balance,
          ...(service.moving ? { [portTag]: movingTo(service.port) } : {}),
        },
      },
      { parent: this, dependsOn: args.after ?? [] },
    );

    // Through the load balancer's own ID, so that machines are made after it.
    const poolId = (pool: string) => pulumi.interpolate`${loadBalancer.id}/backendAddressPools/${pool}`;
    this.memberPoolId = poolId(poolName);
    this.balancerPoolId = poolId(balancerPoolName);

    this.nodes = {
      loadBalancer,
      ...(balancers
        ? {
            balancers: new TierHAG(
              `${name}-balancers`,
              {
                stack,
                environment,
                resourceGroupName,
                ...(args.after ? { after: args.after } : {}),
                ...balancers,
                poolIds: [this.balancerPoolId],
              },
              { parent: this },
            ),
          }
        : {}),
    };
    this.address = privateAddressOf(loadBalancer, service.address);
    this.registerOutputs({ address: this.address });
  }
}

function mistakesOf({ stack, service, balancers }: PrivateLBArgs) {
  return [
    ...(balancers ? machineMistakes("balancers.", stack, balancers) : []),
    ...unless(
      (service.balance === "hash") === (balancers === undefined),
      "balancers",
      `${balancers ? "some" : "none"} beside balance ${service.balance}`,
      "balancers exactly for connections and cpu",
    ),
    ...[service.port, ...service.ports.map(({ port }) => port)].flatMap((port, index) =>
      unless(
        Number.isInteger(port) && port >= 1 && port <= greatestPort,
        index === 0 ? "service.port" : `service.ports[${index - 1}]`,
        port,
        `a whole number from 1 to ${greatestPort}`,
      ),
    ),
    ...unless(
      service.ports.some(({ port }) => port === service.port),
      "service.ports",
      service.ports.map(({ port }) => port).join(", ") || "none",
      `ports among which is service.port, ${service.port}`,
    ),
  ];
}
