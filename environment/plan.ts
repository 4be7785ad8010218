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
import { isPublic, planCertificates, type PlannedCertificate } from "./certificates.ts";
import type { DnsSettings } from "./dnsSchema.ts";
import { labelInDomain, parseLegacy, type LegacyAddress } from "./hostNames.ts";
import { planMachineGroup, type MachineGroup } from "./machineGroup.ts";
import { accountName, resourceName, vaultName } from "./names.ts";
import { planPorts, type PortPlan, type StandingPorts } from "./portMoves.ts";
import { processorsOf } from "./processors.ts";
import { resolveReferences, type Endpoint } from "./references.ts";
import { rightsOf, type Right } from "./rights.ts";
import { isEntryOf, planPeers, reverseProxyAddress, type Peer, type PlannedPeer } from "./peers.ts";
import type { Forward, ReverseProxySettings, Route, Tls } from "./reverseProxySchema.ts";
import type { Environment } from "./schema.ts";
import { secretsOf, type WantedSecret } from "./secrets.ts";
import { refreshSeconds } from "./stores.ts";
import { planSubZones, type SubZone } from "./zones/subZones.ts";
import { planSubnets, type PlannedSubnet } from "./subnets.ts";
import type { Balance, Tier } from "./tierSchema.ts";

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

/** A host name and what answers. */
export interface PlannedRoute {
  host: string;
  /** Absent while only the old service answers. */
  tier?: string;
  /** Of the tier's load balancer; absent with `tier`. */
  address?: string;
  port?: number;
  /** The old service; absent once it has been moved. */
  legacy?: LegacyAddress;
  /** Percent of the clients that the tier gets: 0 to 100; 100 where there is no `legacy`, 0 where there is no tier. */
  share: number;
}

/** A domain that another environment serves, with every name below it. */
export interface PlannedForward {
  domain: string;
  environment: string;
  /** Of its reverse proxies, for those of other environments. They speak HTTP at port 80. */
  address: string;
  /** What it serves of the domain: host names, and wildcards. */
  hosts: string[];
}

/** The reverse proxies, and what they do. */
export interface PlannedReverseProxy extends MachineGroup {
  routes: PlannedRoute[];
  /** Only those whose environment names this one as its entry. */
  forwards: PlannedForward[];
  /** The others, which wait until their environment does. */
  waiting: Forward[];
  /** There is a public address. */
  public: boolean;
  /** Name of the environment whose proxies forward to these; only where both say so. */
  entry?: { environment: string; stack: string; domain: string };
  /** Where proxies and machines of other environments call; absent where none may. */
  internalAddress?: string;
  /** Blocks of other environments' reverse proxies, which are believed about clients. */
  trustedProxies: Cidr[];
  tls: Tls;
  certificates: PlannedCertificate[];
  clientLimit?: ReverseProxySettings["clientLimit"];
}

/** The environment's Key Vault. */
export interface PlannedVault {
  name: string;
  /** Whether a deleted vault of this name is taken back. */
  recover: boolean;
  /** Time after which a new value is in use. */
  refreshSeconds: number;
  /** All secrets that machines want of it, by name. */
  secrets: WantedSecret[];
}

/** The identity of a group of machines. */
export interface PlannedIdentity {
  /** Name of the group. */
  group: string;
  name: string;
  rights: Right[];
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
  /** Zones of other environments that lie in this one's public zone. */
  subZones: SubZone[];
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
  reverseProxy: PlannedReverseProxy;
  /** Sorted by name. */
  peers: PlannedPeer[];
  dns: DnsSettings;
  vault: PlannedVault;
  storage: { name: string };
  /** One for each group of machines, in the order of `machineGroups`. */
  identities: PlannedIdentity[];
}

/**
 * Derives the plan of a checked environment. Tiers come in alphabetical order.
 *
 * @param standing Ports of the load balancers that stand, by their names; none for a new environment.
 * @param others The project's other environments, as far as this one has to do with them.
 */
export function planEnvironment(
  stack: string,
  environment: Environment,
  administrators: Administrators,
  standing: ReadonlyMap<string, StandingPorts> = new Map(),
  others: readonly Peer[] = [],
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
  const { vault, storage } = environment;
  const peers = planPeers(environment, others);
  const plan = {
    stack,
    environment: environment.name,
    network: environment.network,
    domain: environment.domain,
    privateDomain: environment.privateDomain,
    publicZone: environment.publicZone,
    subZones: planSubZones(environment, others),
    protect: environment.protect,
    zones: environment.zones,
    imageVersion: environment.imageVersion,
    administrators,
    subnets: planSubnets(environment, tiers, administrators, { peers, others }),
    tiers,
    balancerAddressPrefix: subnetPrefix(environment.network, balancerSubnetIndex),
    reverseProxyAddressPrefix: subnetPrefix(environment.network, reverseProxySubnetIndex),
    peers,
    dns: environment.dns,
    reverseProxy: {
      ...planMachineGroup(
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
      ...planReverseProxy(environment, others, peers),
      routes: environment.reverseProxy.routes.map((route) => planRoute(route, services)),
    },
    vault: {
      name: vault.name ?? vaultName.default(stack, environment.domain),
      recover: vault.recover,
      refreshSeconds: refreshSeconds(vault.refresh),
      secrets: secretsOf(environment),
    },
    storage: { name: storage.name ?? accountName.default(stack, environment.domain) },
  };
  const identities = machineGroups(plan).map((group) => ({
    group: group.name,
    name: resourceName("identity", stack, group.name),
    rights:
      group === plan.reverseProxy ? rightsOf(group, plan.reverseProxy.certificates, plan.domain) : rightsOf(group),
  }));
  return { ...plan, identities };
}

/** All groups of machines of an environment, in a fixed order. */
export function machineGroups(plan: Pick<Plan, "tiers" | "reverseProxy">): MachineGroup[] {
  return [
    ...plan.tiers.flatMap(({ machines, balancers }) => (balancers ? [machines, balancers] : [machines])),
    plan.reverseProxy,
  ];
}

/** Where clients find what is routed: over HTTPS where HTTP is sent on. A wildcard has no address of its own. */
export function routeUrls({ routes, tls, certificates }: PlannedReverseProxy): string[] {
  const isPlain = (host: string) =>
    !tls.redirect || certificates.some((one) => one.host === host && one.source === "self-signed");
  return routes
    .filter(({ host }) => !host.startsWith("*."))
    .map(({ host }) => `${isPlain(host) ? "http" : "https"}://${host}/`);
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
    machines: planMachineGroup(
      { name, kind: tier.kind ?? name, tier: name, path: `platform:environment.tiers.${name}`, subnetName: name },
      { ...tier, applications },
      environment,
    ),
    ...(service ? { service } : {}),
    ...(service && service.balance !== "hash"
      ? {
          balancers: planMachineGroup(
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

function planReverseProxy(
  environment: Environment,
  others: readonly Peer[],
  peers: readonly PlannedPeer[],
): Omit<PlannedReverseProxy, keyof MachineGroup | "routes"> {
  const { forwards, tls, clientLimit } = environment.reverseProxy;
  const entry = others.find((other) => isEntryOf(other.environment, environment));
  const called = peers.some(({ admits }) => admits.some(({ to }) => to === "reverse-proxy"));
  const behind = ({ environment: name }: Forward) => {
    const other = others.find((one) => one.environment.name === name)?.environment;
    return other && isEntryOf(environment, other) ? other : undefined;
  };
  return {
    forwards: forwards.flatMap((forward) => {
      const { domain, environment: name } = forward;
      const other = behind(forward);
      if (!other) return [];
      const hosts = other.reverseProxy.routes
        .map(({ host }) => host)
        .filter((host) => labelInDomain(host, domain) !== undefined);
      return [{ domain, environment: name, address: reverseProxyAddress(other.network), hosts }];
    }),
    waiting: forwards.filter((forward) => !behind(forward)),
    public: isPublic(environment),
    ...(entry
      ? { entry: { environment: entry.environment.name, stack: entry.stack, domain: entry.environment.domain } }
      : {}),
    ...(called ? { internalAddress: reverseProxyAddress(environment.network) } : {}),
    trustedProxies: entry ? [subnetPrefix(entry.environment.network, reverseProxySubnetIndex)] : [],
    tls,
    certificates: planCertificates(environment, others),
    ...(clientLimit ? { clientLimit } : {}),
  };
}

function planRoute({ host, tier, legacy, share }: Route, services: ReadonlyMap<string, PlannedService>): PlannedRoute {
  const old = legacy === undefined ? undefined : parseLegacy(legacy);
  if (legacy !== undefined && !old) throw new RangeError(`route ${host}: given ${legacy}, allowed is https://host`);
  if (tier === undefined && old) return { host, legacy: old, share: 0 };
  const service = services.get(tier ?? "");
  if (!service) throw new RangeError(`route ${host}: given tier ${tier}, allowed is a tier with a port`);
  const { address, port } = service;
  return { host, tier, address, port, ...(old ? { legacy: old, share: share ?? 0 } : { share: 100 }) };
}
