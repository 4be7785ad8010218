/** Plans for tests of the preflight. */
import { dev, type Json } from "../../environment/testing/mistakes.ts";
import { planOf } from "../../environment/testing/stacks.ts";
import { resourceName } from "../../environment/names.ts";
import type { MachineGroup } from "../../environment/machineGroup.ts";
import { machineGroups, type Plan } from "../../environment/plan.ts";
import type { StandingScaleSets } from "../needs.ts";

interface Wishes {
  imageVersion?: string;
  trustedLaunch?: boolean;
  encryptionAtHost?: boolean;
  acceleratedNetworking?: boolean;
}

/** A size whose vCPUs are two. */
export const size = "Standard_B2als_v2";

/**
 * The committed dev environment with one size for all: ten machines in six groups, five of which are repaired by a
 * spare machine. With the newest image, and no wishes.
 */
export function devPlan(change: (environment: { tiers: Record<string, Json> } & Json) => void = () => {}): Plan {
  const environment = dev((given) => {
    for (const tier of Object.values(given.tiers)) tier["size"] = size;
    given["balancers"] = { size };
    given.reverseProxy = { ...given.reverseProxy, size } as typeof given.reverseProxy;
    change(given);
  });
  return wishing(planOf("dev", environment), {});
}

/** The plan with wishes of all its machines; without those that are not given. */
export function wishing(plan: Plan, { imageVersion = "latest", ...wishes }: Wishes): Plan {
  const wish = <T extends MachineGroup>(machines: T): T => ({
    ...machines,
    ...{ trustedLaunch: false, encryptionAtHost: false, acceleratedNetworking: false, ...wishes },
  });
  return {
    ...plan,
    ...{ imageVersion },
    tiers: plan.tiers.map((tier) => ({
      ...tier,
      machines: wish(tier.machines),
      ...(tier.balancers ? { balancers: wish(tier.balancers) } : {}),
    })),
    reverseProxy: wish(plan.reverseProxy),
  };
}

/** The scale sets of a plan that stands, with the capacities of the plan, or others by the groups' names. */
export function standingAs(plan: Plan, others: Record<string, number> = {}): StandingScaleSets {
  return new Map(
    machineGroups(plan).flatMap(({ name: group, scaleSets }) =>
      scaleSets.map(({ name, instances }) => [
        resourceName("scaleSet", plan.stack, name),
        { capacity: others[group] ?? instances },
      ]),
    ),
  );
}
