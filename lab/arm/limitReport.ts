/** Limits beside what is used of them. */
import { coresIn, sizesIn } from "./compute/quota.ts";
import { coresOf, everywhere, limitsOf, usualCores, type Limits } from "./limits.ts";
import { locations } from "./locations.ts";
import type { Store } from "./store.ts";

export interface LimitReport {
  limits: Limits;
  /** Of every region, then of each region and family that has machines or a number of its own. */
  usages: { region: string; family?: string; used?: number; limit: number }[];
}

export function reportLimits(store: Store): LimitReport {
  const limits = limitsOf(store);
  const own = limits.cores.filter(({ region }) => region !== everywhere);
  const usages = locations.flatMap(({ name: region }) => {
    const sizes = sizesIn(region, store);
    const set = own.filter((one) => one.region === region);
    const families = new Set([...sizes, ...set].flatMap(({ family }) => family ?? []));
    if (sizes.length === 0 && set.length === 0) return [];
    return [
      { region, used: coresIn(sizes), limit: coresOf(limits, region) },
      ...[...families]
        .sort()
        .map((family) => ({ region, family, used: coresIn(sizes, family), limit: coresOf(limits, region, family) })),
    ];
  });
  const everyRegion = limits.cores.filter(({ region }) => region === everywhere);
  const total = everyRegion.find(({ family }) => family === undefined);
  return { limits, usages: [...(total ? [] : [{ region: everywhere, limit: usualCores }]), ...everyRegion, ...usages] };
}
