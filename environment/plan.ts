/** From an environment to everything that follows from it: addresses, groups of machines, allowed traffic. Pure. */
import {
  balancerSubnetIndex,
  hostAddress,
  loadBalancerHost,
  reverseProxySubnetIndex,
  subnetPrefix,
  type Cidr,
} from "./address.ts";
import type { Administrators } from "./administrators.ts";
import type { Repair } from "./fields.ts";
import { parseUpstream } from "./hostNames.ts";
import { resourceName } from "./names.ts";
import { planPorts, type PortPlan, type StandingPorts } from "./portMoves.ts";
import { processorsOf } from "./processors.ts";
import { resolveReferences, type Endpoint } from "./references.ts";
import type { Environment, Route } from "./schema.ts";
import { planSubnets, type PlannedSubnet } from "./subnets.ts";
import type { Application, Autoscale, Balance, Tier } from "./tierSchema.ts";

/** Requests on which a machine works at the same time, for each of its processors, where the stack file says no number. */
const concurrencyOfProcessor = 64;

/** A tier's service: the stable address in front of its machines. */
export interface PlannedService extends PortPlan {
  /** Address of the tier's load balancer. */
  address: string;
  /** DNS name of that address, in the private zone. */
  name: string;
  /** Where its callers call, the first of `ports`. */
  port: number;
  balance: Balance;
  /** Requests on which one machine works at the same time. */
  concurrency: number;
}

/** A scale set: machines that are alike. */
export interface PlannedScaleSet {
  /** Unique in the environment: the tier's name, `<tier>-zone<zone>`, `<tier>-balancer` or `reverse-proxy`. */
  name: string;
  instances: number;
  /** Availability zones over which Azure spreads the machines; empty where the region has none. */
  zones: string[];
}

/** The machines of one kind that do the same: those of a tier, the balancers of one, or the reverse proxies. */
export interface MachineGroup {
  /** Unique in the environment: the tier's name, `<tier>-balancer` or `reverse-proxy`. */
  name: string;
  /** Kind of server; its playbook is `playbooks/<kind>.yml`. */
  kind: string;
  /** Tier that the machines serve; for a balancer the tier that it balances. */
  tier: string;
  /** Path of its settings, for example `platform:environment.tiers.front`. */
  path: string;
  /** Name of the subnet in which the machines stand. */
  subnetName: string;
  /** Number of machines in all scale sets. */
  instances: number;
  /** Azure's size of each machine, for example `Standard_B2als_v2`. */
  size: string;
  /** Virtual processors of each machine. */
  processors: number;
  /** Azure: `enableAcceleratedNetworking` of the network interfaces. */
  acceleratedNetworking?: boolean | undefined;
  /** Secure Boot and a virtual TPM; fixed for a scale set that exists. Azure: `securityProfile.securityType`. */
  trustedLaunch: boolean;
  /** Azure: `securityProfile.encryptionAtHost`. */
  encryptionAtHost: boolean;
  repair: Repair;
  autoscale?: Autoscale;
  /** With references resolved. */
  applications: Application[];
  /** Names of secrets by the names under which the roles of the kind find them. */
  secrets: Record<string, string>;
  /** At least one; several where each has a zone of its own. */
  scaleSets: PlannedScaleSet[];
}

export interface PlannedTier {
  name: string;
  addressPrefix: Cidr;
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
  /** Name of the environment. */
  environment: string;
  network: Cidr;
  domain: string;
  privateDomain: string;
  publicZone: boolean;
  protect: boolean;
  zones: string[];
  /** Version of the image of all machines: `0.20260909.2596`, or `latest`. */
  imageVersion: string;
  administrators: Administrators;
  subnets: PlannedSubnet[];
  tiers: PlannedTier[];
  /** Prefixes of the subnets that are of no tier. */
  balancerAddressPrefix: Cidr;
  reverseProxyAddressPrefix: Cidr;
  reverseProxy: MachineGroup & { routes: PlannedRoute[] };
}

/**
 * Derives the plan of a checked environment. Tiers come in alphabetical order.
 *
 * @param standing Ports of the load balancers that stand, by their names; none for a new environment.
 */
export function planEnvironment(
  stack: string,
  environment: Environment,
  administrators: Administrators,
  standing: ReadonlyMap<string, StandingPorts> = new Map(),
): Plan {
  const entries = Object.entries(environment.tiers).sort(([a], [b]) => (a < b ? -1 : 1));
  const services = new Map(
    entries.flatMap(([name, tier]) => {
      const ports = standing.get(resourceName("internalLoadBalancer", stack, name));
      const service = planService(name, tier, environment, ports);
      return service ? [[name, service]] : [];
    }),
  );
  const tiers = entries.map(([name, tier]) => planTier(name, tier, environment, services));
  return {
    stack,
    environment: environment.name,
    network: environment.network,
    domain: environment.domain,
    privateDomain: environment.privateDomain,
    publicZone: environment.publicZone,
    protect: environment.protect,
    zones: environment.zones,
    imageVersion: environment.imageVersion,
    administrators,
    subnets: planSubnets(environment, tiers, administrators),
    tiers,
    balancerAddressPrefix: subnetPrefix(environment.network, balancerSubnetIndex),
    reverseProxyAddressPrefix: subnetPrefix(environment.network, reverseProxySubnetIndex),
    reverseProxy: {
      ...machineGroup(
        {
          name: "reverse-proxy",
          kind: "reverse-proxy",
          tier: "reverse-proxy",
          path: "platform:environment.reverseProxy",
          subnetName: "reverse-proxy",
        },
        environment.reverseProxy,
        environment,
      ),
      routes: environment.reverseProxy.routes.map((route) => planRoute(route, services)),
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

/** Names of the secrets that a group's roles and applications need, each once, sorted. */
export function secretNames({ secrets, applications }: MachineGroup): string[] {
  const names = [secrets, ...applications.map((application) => application.secrets)].flatMap(Object.values<string>);
  return [...new Set(names)].sort();
}

/** Label of a host in the public zone, `@` for the domain itself; undefined when the host lies elsewhere. */
export function labelInDomain(host: string, domain: string): string | undefined {
  if (host === domain) return "@";
  return host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : undefined;
}

type Machines = Pick<Tier, "instances" | "size" | "acceleratedNetworking" | "repair"> & Partial<Tier>;

function machineGroup(
  identity: Pick<MachineGroup, "name" | "kind" | "tier" | "path" | "subnetName">,
  machines: Machines,
  environment: Environment,
): MachineGroup {
  const { name } = identity;
  const { zones } = environment;
  return {
    ...identity,
    instances: machines.instances,
    size: machines.size,
    processors: processorsOf(machines.size),
    acceleratedNetworking: machines.acceleratedNetworking,
    trustedLaunch: machines.trustedLaunch ?? environment.trustedLaunch,
    encryptionAtHost: machines.encryptionAtHost ?? environment.encryptionAtHost,
    repair: machines.repair,
    ...(machines.autoscale ? { autoscale: machines.autoscale } : {}),
    applications: machines.applications ?? [],
    secrets: machines.secrets ?? {},
    scaleSets: machines.scaleSetPerZone
      ? planZones(name, machines.instances, zones)
      : [{ name, instances: machines.instances, zones }],
  };
}

/** One scale set for each zone; the first ones have a machine more where the zones do not divide their number. */
function planZones(name: string, instances: number, zones: string[]): PlannedScaleSet[] {
  return zones
    .map((zone, index) => ({
      name: `${name}-zone${zone}`,
      instances: Math.floor(instances / zones.length) + (index < instances % zones.length ? 1 : 0),
      zones: [zone],
    }))
    .filter((scaleSet) => scaleSet.instances > 0);
}

function planService(
  name: string,
  tier: Tier,
  environment: Environment,
  standing: StandingPorts | undefined,
): PlannedService | undefined {
  return tier.port === undefined
    ? undefined
    : {
        address: hostAddress(subnetPrefix(environment.network, tier.subnetIndex), loadBalancerHost),
        name: `${name}.${environment.privateDomain}`,
        port: tier.port,
        balance: tier.balance ?? "hash",
        concurrency: tier.concurrency ?? concurrencyOfProcessor * processorsOf(tier.size),
        ...planPorts([tier.port, ...tier.additionalPorts], standing),
      };
}

function planTier(
  name: string,
  tier: Tier,
  environment: Environment,
  services: ReadonlyMap<string, PlannedService>,
): PlannedTier {
  const service = services.get(name);
  const endpoints = new Map(
    [...services].map(([other, { name: host, port }]): [string, Endpoint] => [other, { host, port }]),
  );
  const applications = tier.applications.map((application) => ({
    ...application,
    environment: Object.fromEntries(
      Object.entries(application.environment).map(([variable, value]) => [
        variable,
        resolveReferences(value, endpoints),
      ]),
    ),
  }));
  return {
    name,
    addressPrefix: subnetPrefix(environment.network, tier.subnetIndex),
    instances: tier.instances,
    machines: machineGroup(
      { name, kind: tier.kind ?? name, tier: name, path: `platform:environment.tiers.${name}`, subnetName: name },
      { ...tier, applications },
      environment,
    ),
    ...(service ? { service } : {}),
    ...(service && service.balance !== "hash"
      ? {
          balancers: machineGroup(
            {
              name: `${name}-balancer`,
              kind: "balancer",
              tier: name,
              path: "platform:environment.balancers",
              subnetName: "balancer",
            },
            environment.balancers,
            environment,
          ),
        }
      : {}),
  };
}

function planRoute({ host, tier, upstream }: Route, services: ReadonlyMap<string, PlannedService>): PlannedRoute {
  if (upstream !== undefined) {
    const parsed = parseUpstream(upstream);
    if (!parsed) throw new RangeError(`route ${host}: given ${upstream}, allowed is http://address:port`);
    return { host, ...parsed };
  }
  const service = services.get(tier ?? "");
  if (!service) throw new RangeError(`route ${host}: given tier ${tier}, allowed is a tier with a port`);
  return { host, tier, address: service.address, port: service.port };
}
