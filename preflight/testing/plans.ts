/** Plans for tests of the preflight. */
import { dev, type Json } from "../../environment/testing/mistakes.ts";
import { planOf } from "../../environment/testing/stacks.ts";
import type { Plan } from "../../environment/plan.ts";

/** A size whose vCPUs are two. */
export const size = "Standard_B2als_v2";

/**
 * The committed dev environment with one size for all: ten machines in six groups, five of which are repaired by a
 * spare machine.
 */
export function devPlan(change: (environment: { tiers: Record<string, Json> } & Json) => void = () => {}): Plan {
  const environment = dev((given) => {
    for (const tier of Object.values(given.tiers)) tier["size"] = size;
    given["balancers"] = { size };
    given.reverseProxy = { ...given.reverseProxy, size } as typeof given.reverseProxy;
    change(given);
  });
  return planOf("dev", environment);
}

/** The plan with what groups and plans may wish besides. */
export function wishing(plan: Plan, wishes: Json): Plan {
  return { ...plan, ...wishes };
}
