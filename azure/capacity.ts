/** How many machines a group has that Azure grows and shrinks. Pure. */
import { resourceName } from "../environment/names.ts";
import type { MachineGroup } from "../environment/plan.ts";
import type { StandingScaleSet } from "./standingScaleSets.ts";

/**
 * The number of machines of a group now, within its limits; `instances` while there is no such group. Undefined for a
 * group without autoscale, whose number is the stack's.
 */
export function currentCapacity(
  stack: string,
  { name, instances, autoscale }: MachineGroup,
  standing: ReadonlyMap<string, StandingScaleSet>,
): number | undefined {
  if (!autoscale) return undefined;
  const capacity = standing.get(resourceName("scaleSet", stack, name))?.capacity;
  return capacity === undefined ? instances : Math.min(autoscale.maximum, Math.max(autoscale.minimum, capacity));
}
