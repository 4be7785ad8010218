/** Checks of a size against what its machines are to have, as far as that is known without asking Azure. Pure. */
import { show, type Mistake } from "./mistakes.ts";
import { asObject } from "./untyped.ts";

/**
 * Sizes B of the first version, but the largest, have no accelerated networking.
 * https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/bv1-series
 */
const withoutAcceleratedNetworking = /^Standard_B[1248](ls|s|ms)$/;

/** Every mistake of the sizes in an environment, which may be anything. */
export function checkSizes(root: string, environment: Record<string, unknown>): Mistake[] {
  const { tiers, balancers, reverseProxy } = environment;
  const groups: [path: string, value: unknown][] = [
    ...Object.entries(asObject(tiers)).map(([name, tier]): [string, unknown] => [`${root}.tiers.${name}`, tier]),
    [`${root}.balancers`, balancers],
    [`${root}.reverseProxy`, reverseProxy],
  ];
  return groups.flatMap(([path, value]) => {
    const { size, acceleratedNetworking } = asObject(value);
    return typeof size === "string" && withoutAcceleratedNetworking.test(size) && acceleratedNetworking !== false
      ? [
          {
            path: `${path}.acceleratedNetworking`,
            given: show(acceleratedNetworking),
            allowed: `false beside size ${size}, which has none`,
          },
        ]
      : [];
  });
}
