/**
 * What may call what, by the plans of the environments: their routes, forwards, flows between tiers and environments. It
 * does not look at rules of security groups, which are made of the same plans by other code. Pure.
 */
import { agentPort, healthPort, sshPort } from "../../environment/flows.ts";
import { machineGroups, type Plan } from "../../environment/plan.ts";
import type { Planned } from "./plans.ts";

/** Machines of one subnet, which may do the same; or clients. */
export interface Place {
  /** Name of the environment; of clients `internet`. */
  environment: string;
  /** Name of a tier, `reverse-proxy` or `balancer`; of clients `anybody` or `administrator`. */
  part: string;
}

export const anybody: Place = { environment: "internet", part: "anybody" };
export const administrator: Place = { environment: "internet", part: "administrator" };

/**
 * Where a place is called: at its machines themselves, at the private address of its load balancer, at the environment's
 * public address, or at the one of its NAT gateway, which nobody calls.
 */
export type Door = "machines" | "address" | "public" | "outbound";

/** What one place may call of another. */
export interface Declared {
  from: Place;
  to: Place;
  door: Door;
  ports: number[];
}

export const same = (one: Place, other: Place): boolean =>
  one.environment === other.environment && one.part === other.part;

export const placeText = ({ environment, part }: Place): string => `${environment}/${part}`;

/** The places of an environment: its subnets. */
export function placesOf(plan: Plan): Place[] {
  return plan.subnets.map(({ name }) => ({ environment: plan.environment, part: name }));
}

/** The place of a group of machines, by the name that its machines' tag `tier` has. */
export function placeOf(plan: Plan, group: string): Place {
  const found = machineGroups(plan).find(({ name }) => name === group);
  if (!found) throw new Error(`${plan.stack} has machines of ${group}, which its stack file does not know`);
  return { environment: plan.environment, part: found.subnetName };
}

export function declared(environments: readonly Planned[]): Declared[] {
  const inside = environments.flatMap(({ plan }) => placesOf(plan));
  return environments.flatMap((one) => {
    const { plan } = one;
    return [
      ...jumps(plan),
      ...services(one),
      ...checks(plan),
      ...toPeers(plan, environments),
      ...entrance(plan, [anybody, administrator, ...inside]),
    ];
  });
}

/** By SSH machines are reached from the jump hosts. */
function jumps(plan: Plan): Declared[] {
  const from = proxies(plan);
  return placesOf(plan).map((to) => ({ from, to, door: "machines", ports: [sshPort] }));
}

/** Tiers are called by those that say so in `reaches`, and by the reverse proxies that route a host there. */
function services({ plan, environment }: Planned): Declared[] {
  const { environment: name, reverseProxy } = plan;
  return plan.tiers.flatMap(({ name: tier, service }) => {
    if (!service) return [];
    const callers = [
      ...(reverseProxy.routes.some((route) => route.tier === tier) ? [proxies(plan)] : []),
      ...Object.entries(environment.tiers)
        .filter(([, { reaches }]) => reaches.includes(tier))
        .map(([part]) => ({ environment: name, part })),
    ];
    const ports = service.ports.map(({ port }) => port);
    return callers.flatMap((from) => serviceCalls(from, plan, tier, ports));
  });
}

/** At the address of the load balancer, and at what it spreads its callers over: the tier's machines, or balancers. */
function serviceCalls(from: Place, plan: Plan, part: string, ports: number[]): Declared[] {
  const { environment } = plan;
  const behind = plan.tiers.some(({ name, balancers }) => name === part && balancers) ? "balancer" : part;
  return [
    { from, to: { environment, part }, door: "address", ports },
    { from, to: { environment, part: behind }, door: "machines", ports },
  ];
}

/** Balancers call the machines that they balance, and ask them how they are. */
function checks(plan: Plan): Declared[] {
  const { environment } = plan;
  return plan.tiers.flatMap(({ name, service, balancers }): Declared[] =>
    service && balancers
      ? [
          {
            from: { environment, part: "balancer" },
            to: { environment, part: name },
            door: "machines",
            ports: [...service.ports.map(({ port }) => port), healthPort, agentPort],
          },
        ]
      : [],
  );
}

/** What both stack files say, and what `forwards` and `entry` mean. */
function toPeers(plan: Plan, environments: readonly Planned[]): Declared[] {
  return plan.peers.flatMap(({ environment, reaches }) => {
    const other = environments.find((one) => one.plan.environment === environment);
    if (!other) return [];
    return reaches.flatMap(({ from, to, port }) =>
      serviceCalls({ environment: plan.environment, part: from }, other.plan, to, [port]),
    );
  });
}

/** The way in from the Internet, where machines of all environments are, too, behind their NAT gateways. */
function entrance(plan: Plan, clients: readonly Place[]): Declared[] {
  if (!plan.reverseProxy.public) return [];
  const to = proxies(plan);
  return clients.map((from) => ({
    from,
    to,
    door: "public",
    ports: from === administrator ? [80, 443, sshPort] : [80, 443],
  }));
}

const proxies = ({ environment }: Plan): Place => ({ environment, part: "reverse-proxy" });
