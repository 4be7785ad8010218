/** What stands in the lab, as places that call and that are called. Pure. */
import type { StackStatus } from "../cli/status.ts";
import type { Caller, Target } from "./calls.ts";
import { placeOf, type Place } from "./declared.ts";
import type { Entrance } from "./hosts.ts";
import type { Planned } from "./plans.ts";

/** An environment that stands. */
export interface Standing extends Planned {
  status: StackStatus;
}

/**
 * The environments with what stands of them.
 *
 * @throws where one does not stand: what is expected of the others depends on it.
 */
export function standingOf(environments: readonly Planned[], statuses: readonly StackStatus[]): Standing[] {
  const down = environments.filter(({ stack }) => !statuses.some((one) => one.stack === stack));
  if (down.length > 0)
    throw new Error(
      `the matrix is of all environments, and these are not up: ${down.map(({ stack }) => stack).join(", ")}; make lab-all`,
    );
  return environments.map((one) => ({ ...one, status: statuses.find(({ stack }) => stack === one.stack)! }));
}

/** Machines that stay. */
export const machinesIn = ({ status }: Standing): StackStatus["machines"] =>
  status.machines.filter(({ state }) => state !== "terminating");

export function callersIn(standing: Standing): Required<Caller>[] {
  return machinesIn(standing).map(({ name, tier, address }) => ({
    name,
    address,
    place: placeOf(standing.plan, tier),
  }));
}

/** @param listening Ports on which a machine's programs listen, by the machine's name. */
export function targetsIn(standing: Standing, listening: ReadonlyMap<string, number[]>): Target[] {
  const machines = machinesIn(standing).map(({ name, tier, address }): Target => ({
    place: placeOf(standing.plan, tier),
    door: "machines",
    address,
    name,
    serves: listening.get(name) ?? [],
    members: [],
  }));
  return [...machines, ...privateAddresses(standing), ...publicAddresses(standing)];
}

/** The addresses that the plan gives load balancers, and others that load balancers have. */
function privateAddresses({ plan, status }: Standing): Target[] {
  const { environment, reverseProxy, tiers } = plan;
  const planned = new Map<string, Place>([
    ...tiers.flatMap(({ name, service }): [string, Place][] =>
      service ? [[service.address, { environment, part: name }]] : [],
    ),
    ...(reverseProxy.internalAddress === undefined
      ? []
      : ([[reverseProxy.internalAddress, { environment, part: "reverse-proxy" }]] as [string, Place][])),
  ]);
  const open = new Set(status.publicAddresses.map(({ address }) => address));
  const others = status.loadBalancers.map(({ address }) => address).filter((address) => !open.has(address));
  return [...new Set([...planned.keys(), ...others])].map((address): Target => {
    const rules = status.loadBalancers.filter((one) => one.address === address);
    const name = rules[0]?.name ?? `nothing at ${address}`;
    return {
      place: planned.get(address) ?? { environment, part: name },
      door: "address",
      address,
      name,
      serves: rules.map(({ port }) => port),
      members: [...new Set(rules.flatMap(({ members }) => members.map(({ machine }) => machine)))],
    };
  });
}

function publicAddresses({ plan, status }: Standing): Target[] {
  return status.publicAddresses.map(({ name, address }): Target => {
    const serves = status.loadBalancers.filter((one) => one.address === address).map(({ port }) => port);
    return {
      place: { environment: plan.environment, part: "reverse-proxy" },
      door: serves.length > 0 ? "public" : "outbound",
      address,
      name,
      serves,
      members: [],
    };
  });
}

/** Where clients outside come in. */
export const entrancesOf = (standing: Standing): Entrance[] =>
  publicAddresses(standing)
    .filter(({ door }) => door === "public")
    .map(({ address }) => ({ environment: standing.plan.environment, address }));

/** The environment and the tier of the machine that an answer names; of a stand-in, which names none, by its words. */
export function authorIn(
  all: readonly Standing[],
): (body: string) => { environment: string; tier: string } | undefined {
  const machines = all.flatMap(({ plan, status }) =>
    status.machines.map(({ hostName, tier }) => ({ hostName, environment: plan.environment, tier })),
  );
  const gitlabs = all.flatMap(({ plan }) =>
    plan.tiers
      .filter(({ machines: { kind } }) => kind === "gitlab")
      .map(({ name }) => ({ environment: plan.environment, tier: name })),
  );
  return (body) => {
    const name = machineIn(body)?.toLowerCase();
    const machine = machines.find(({ hostName }) => hostName.toLowerCase() === name);
    if (machine) return { environment: machine.environment, tier: machine.tier };
    return body.startsWith("GitLab, the lab's stand-in") && gitlabs.length === 1 ? gitlabs[0] : undefined;
  };
}

/** The examples' services tell their machine. */
function machineIn(body: string): string | undefined {
  try {
    const { machine } = JSON.parse(body) as { machine?: unknown };
    return typeof machine === "string" ? machine : undefined;
  } catch {
    return undefined;
  }
}
