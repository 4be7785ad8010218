/** Cores and machines of a region: how many there are and may be. */
import type { Context } from "../context.ts";
import { coresOf, limitsOf } from "../limits.ts";
import { coresIn, sizesIn } from "./quota.ts";
import { families } from "./sizes.ts";
import { types } from "../typeNames.ts";

export function listUsages(region: string, { store }: Context): object {
  const limits = limitsOf(store);
  const existing = sizesIn(region, store);
  const sets = store.ofType(types.scaleSet).filter(({ body }) => body.location === region);
  const cores = families.map(({ family, familyName }) =>
    usage(family, familyName, coresIn(existing, family), coresOf(limits, region, family)),
  );
  return {
    value: [
      usage("cores", "Total Regional vCPUs", coresIn(existing), coresOf(limits, region)),
      usage("virtualMachines", "Virtual Machines", existing.length, 25_000),
      usage("virtualMachineScaleSets", "Virtual Machine Scale Sets", sets.length, 2500),
      ...cores,
    ],
  };
}

const usage = (value: string, localizedValue: string, currentValue: number, limit: number): object => ({
  unit: "Count",
  currentValue,
  limit,
  name: { value, localizedValue },
});
