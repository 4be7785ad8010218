/** The subnets of an environment, with what may enter and leave them. Pure. */
import { balancerSubnetIndex, reverseProxySubnetIndex, subnetPrefix, type Cidr } from "./address.ts";
import type { Administrators } from "./administrators.ts";
import { isPublic } from "./certificates.ts";
import { balancerRules, reverseProxyRules, tierRules, type Rule } from "./flows.ts";
import { secretNames, type MachineGroup } from "./machineGroup.ts";
import { outboundRules, type OutboundRule, type ReachedService } from "./outbound.ts";
import { inboundFromPeers, outboundToPeers, type PeerTraffic } from "./peerTraffic.ts";
import type { PlannedPort } from "./portMoves.ts";
import { containerRights, rightsOf } from "./rights.ts";
import type { Environment } from "./schema.ts";

/** A subnet with the rules of its security group. */
export interface PlannedSubnet {
  /** Name of the tier, `reverse-proxy` or `balancer`. */
  name: string;
  addressPrefix: Cidr;
  /** What may enter. */
  rules: Rule[];
  /** What may leave. What no rule is about may; nothing else, where the tier limits what it calls. */
  outboundRules: OutboundRule[];
  /** Services that see the subnet as the sender, by which they let its machines in. Azure: `serviceEndpoints`. */
  serviceEndpoints: readonly string[];
}

/** Every subnet holds machines, which read secrets and keep things in the environment's own vault and account. */
const serviceEndpoints = ["Microsoft.KeyVault", "Microsoft.Storage"];

/** What of a planned tier concerns its subnet and others'. */
interface Tier {
  name: string;
  addressPrefix: Cidr;
  machines: MachineGroup;
  service?: Service;
  /** Present where machines balance. */
  balancers?: object;
}

interface Service {
  /** Address of the tier's load balancer. */
  address: string;
  ports: PlannedPort[];
}

const portNumbers = (service: Service | undefined) => (service?.ports ?? []).map(({ port }) => port);

/** The subnets of an environment: the reverse proxies', each tier's, and the balancers' where there are any. */
export function planSubnets(
  environment: Environment,
  tiers: readonly Tier[],
  administrators: Administrators,
  traffic: PeerTraffic,
): PlannedSubnet[] {
  const balancerAddressPrefix = subnetPrefix(environment.network, balancerSubnetIndex);
  const reverseProxyAddressPrefix = subnetPrefix(environment.network, reverseProxySubnetIndex);
  const callers = (name: string): Cidr[] => [
    ...(environment.reverseProxy.routes.some(({ tier }) => tier === name) ? [reverseProxyAddressPrefix] : []),
    ...tiers
      .filter((tier) => environment.tiers[tier.name]?.reaches.includes(name))
      .map(({ addressPrefix }) => addressPrefix),
  ];
  const reached = (name: string): ReachedService[] =>
    tiers.flatMap(({ name: other, addressPrefix, service, balancers }) =>
      service && environment.tiers[name]?.reaches.includes(other)
        ? [
            {
              name: other,
              // The load balancer's address is one of its tier's subnet.
              destinations: balancers ? [`${service.address}/32`, balancerAddressPrefix] : [addressPrefix],
              ports: portNumbers(service),
              subnetIndex: environment.tiers[other]?.subnetIndex ?? 0,
            },
          ]
        : [],
    );
  const balanced = tiers.filter((tier) => tier.balancers !== undefined);
  return [
    {
      name: "reverse-proxy",
      addressPrefix: reverseProxyAddressPrefix,
      rules: reverseProxyRules(
        isPublic(environment) ? { administrators: administrators.ranges } : undefined,
        reverseProxyAddressPrefix,
        inboundFromPeers(["reverse-proxy"], traffic),
      ),
      outboundRules: outboundToPeers("reverse-proxy", traffic),
      serviceEndpoints,
    },
    ...tiers.map(({ name, addressPrefix, machines, service, balancers }) => ({
      name,
      addressPrefix,
      rules: tierRules({
        ports: portNumbers(service),
        callers: balancers ? [balancerAddressPrefix] : callers(name),
        balancers: balancers ? balancerAddressPrefix : undefined,
        reverseProxy: reverseProxyAddressPrefix,
        fromPeers: balancers ? [] : inboundFromPeers([name], traffic),
      }),
      outboundRules: [
        ...outboundToPeers(name, traffic),
        ...outboundRules(environment.tiers[name]?.outbound, reached(name), {
          secrets: secretNames(machines).length > 0,
          releases: containerRights(rightsOf(machines)).length > 0,
        }),
      ],
      serviceEndpoints,
    })),
    ...(balanced.length === 0
      ? []
      : [
          {
            name: "balancer",
            addressPrefix: balancerAddressPrefix,
            rules: balancerRules(
              balanced.flatMap(({ name, service }) =>
                service === undefined
                  ? []
                  : [
                      {
                        name,
                        subnetIndex: environment.tiers[name]?.subnetIndex ?? 0,
                        ports: portNumbers(service),
                        callers: callers(name),
                      },
                    ],
              ),
              reverseProxyAddressPrefix,
              inboundFromPeers(
                balanced.map(({ name }) => name),
                traffic,
              ),
            ),
            outboundRules: outboundToPeers("balancer", traffic),
            serviceEndpoints,
          },
        ]),
  ];
}
