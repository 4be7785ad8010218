/** From an environment to everything that follows from it: addresses, groups of machines, allowed traffic. Pure. */
import {
  balancerSubnetIndex,
  hostAddress,
  loadBalancerHost,
  reverseProxySubnetIndex,
  subnetPrefix,
  type Cidr,
} from "./address.ts";
import { balancerRules, reverseProxyRules, tierRules, type Rule } from "./flows.ts";
import { parseUpstream } from "./hostNames.ts";
import type {
  Administrators,
  Application,
  Autoscale,
  Balance,
  Environment,
  Repair,
  SecretName,
  Tier,
} from "./schema.ts";

/** A subnet with the rules of its security group. */
export interface PlannedSubnet {
  /** Name of the tier, `reverse-proxy` or `balancer`. */
  name: string;
  prefix: Cidr;
  rules: Rule[];
}

/** A tier's service: the stable address in front of its machines. */
export interface PlannedService {
  /** Address of the tier's load balancer. */
  address: string;
  /** DNS name of that address, in the private zone. */
  name: string;
  port: number;
  balance: Balance;
}

/** Machines that are alike: one scale set. */
export interface MachineGroup {
  /** Unique in the environment: the tier's name, `<tier>-balancer` or `reverse-proxy`. */
  name: string;
  /** Kind of server; its playbook is `playbooks/<kind>.yml`. */
  kind: string;
  /** Tier that the machines serve; for a balancer the tier that it balances. */
  tier: string;
  /** Name of the subnet in which the machines stand. */
  subnet: string;
  instances: number;
  size: string;
  repair: Repair;
  autoscale?: Autoscale;
  applications: Application[];
  secrets: SecretName[];
}

export interface PlannedTier {
  name: string;
  subnet: Cidr;
  instances: number;
  machines: MachineGroup;
  /** Absent when the tier has no port. */
  service?: PlannedService;
  /** HAProxy machines between the load balancer's address and the tier; absent when Azure balances. */
  balancers?: MachineGroup;
}

/** A host name and the address that answers. */
export interface PlannedRoute {
  host: string;
  /** Absent when the service has not been migrated yet. */
  tier?: string;
  address: string;
  port: number;
}

/** One environment in all its parts. */
export interface Plan {
  /** Name of the Pulumi stack. */
  stack: string;
  environment: Environment["name"];
  network: Cidr;
  domain: string;
  privateDomain: string;
  publicZone: boolean;
  protect: boolean;
  zones: string[];
  administrators: Administrators;
  subnets: PlannedSubnet[];
  tiers: PlannedTier[];
  balancerSubnet: Cidr;
  reverseProxySubnet: Cidr;
  reverseProxy: MachineGroup & { routes: PlannedRoute[] };
}

const defaults = { size: "Standard_B2s", repair: { gracePeriod: "PT10M", action: "Replace" } as Repair };

/** Derives the plan of a checked environment. Tiers come in alphabetical order. */
export function planEnvironment(stack: string, environment: Environment, administrators: Administrators): Plan {
  const balancerSubnet = subnetPrefix(environment.network, balancerSubnetIndex);
  const reverseProxySubnet = subnetPrefix(environment.network, reverseProxySubnetIndex);
  const entries = Object.entries(environment.tiers).sort(([a], [b]) => (a < b ? -1 : 1));
  const tiers = entries.map(([name, tier]) => planTier(name, tier, environment));
  return {
    stack,
    environment: environment.name,
    network: environment.network,
    domain: environment.domain,
    privateDomain: environment.privateDomain,
    publicZone: environment.publicZone,
    protect: environment.protect,
    zones: environment.zones,
    administrators,
    subnets: planSubnets(environment, entries, tiers, administrators),
    tiers,
    balancerSubnet,
    reverseProxySubnet,
    reverseProxy: {
      ...machineGroup("reverse-proxy", "reverse-proxy", "reverse-proxy", environment.reverseProxy),
      routes: environment.reverseProxy.routes.map((route) => planRoute(route, tiers)),
    },
  };
}

/** All groups of machines of an environment, in a fixed order. */
export function machineGroups(plan: Plan): MachineGroup[] {
  return [
    ...plan.tiers.flatMap(({ machines, balancers }) => (balancers ? [machines, balancers] : [machines])),
    plan.reverseProxy,
  ];
}

/** Label of a host in the public zone, `@` for the domain itself; undefined when the host lies elsewhere. */
export function labelInDomain(host: string, domain: string): string | undefined {
  if (host === domain) return "@";
  return host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : undefined;
}

function machineGroup(
  name: string,
  kind: string,
  tier: string,
  group: { instances: number; size?: string | undefined; repair?: Repair | undefined } & Partial<Tier>,
): MachineGroup {
  return {
    name,
    kind,
    tier,
    subnet: kind,
    instances: group.instances,
    size: group.size ?? defaults.size,
    repair: group.repair ?? defaults.repair,
    ...(group.autoscale ? { autoscale: group.autoscale } : {}),
    applications: group.applications ?? [],
    secrets: group.secrets ?? [],
  };
}

function planTier(name: string, tier: Tier, environment: Environment): PlannedTier {
  const subnet = subnetPrefix(environment.network, tier.subnet);
  const balance = tier.balance ?? "hash";
  return {
    name,
    subnet,
    instances: tier.instances,
    machines: machineGroup(name, name, name, tier),
    ...(tier.port === undefined
      ? {}
      : {
          service: {
            address: hostAddress(subnet, loadBalancerHost),
            name: `${name}.${environment.privateDomain}`,
            port: tier.port,
            balance,
          },
        }),
    ...(tier.port === undefined || balance === "hash"
      ? {}
      : { balancers: machineGroup(`${name}-balancer`, "balancer", name, environment.balancers) }),
  };
}

function planSubnets(
  environment: Environment,
  entries: [string, Tier][],
  tiers: PlannedTier[],
  administrators: Administrators,
): PlannedSubnet[] {
  const balancers = subnetPrefix(environment.network, balancerSubnetIndex);
  const reverseProxy = subnetPrefix(environment.network, reverseProxySubnetIndex);
  const callers = (name: string): Cidr[] => [
    ...(environment.reverseProxy.routes.some(({ tier }) => tier === name) ? [reverseProxy] : []),
    ...entries
      .filter(([, tier]) => tier.reaches.includes(name))
      .map(([, tier]) => subnetPrefix(environment.network, tier.subnet)),
  ];
  const balanced = tiers.filter((tier) => tier.balancers !== undefined);
  return [
    { name: "reverse-proxy", prefix: reverseProxy, rules: reverseProxyRules(administrators.ranges, reverseProxy) },
    ...tiers.map(({ name, subnet, service, balancers: pair }) => ({
      name,
      prefix: subnet,
      rules: tierRules({
        port: service?.port,
        callers: pair ? [balancers] : callers(name),
        balancers: pair ? balancers : undefined,
        reverseProxy,
      }),
    })),
    ...(balanced.length === 0
      ? []
      : [
          {
            name: "balancer",
            prefix: balancers,
            rules: balancerRules(
              balanced.flatMap(({ name, service }) =>
                service === undefined
                  ? []
                  : [{ name, index: environment.tiers[name]?.subnet ?? 0, port: service.port, callers: callers(name) }],
              ),
              reverseProxy,
            ),
          },
        ]),
  ];
}

function planRoute(route: Environment["reverseProxy"]["routes"][number], tiers: PlannedTier[]): PlannedRoute {
  if (route.upstream !== undefined) {
    const upstream = parseUpstream(route.upstream);
    if (!upstream) throw new RangeError(`route ${route.host}: given ${route.upstream}, allowed is http://address:port`);
    return { host: route.host, ...upstream };
  }
  const service = tiers.find(({ name }) => name === route.tier)?.service;
  if (!service) throw new RangeError(`route ${route.host}: given tier ${route.tier}, allowed is a tier with a port`);
  return { host: route.host, tier: route.tier, address: service.address, port: service.port };
}
