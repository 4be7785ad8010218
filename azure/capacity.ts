/** What a group keeps of its scale sets that exist. Pure. */
import { resourceName } from "../environment/names.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";
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

/**
 * Whether a group's machines reach the host's adapter directly: as the stack's file says, else as its scale sets that
 * exist have it, else yes. Azure may want the machines of a set deallocated before that changes.
 */
export function currentAcceleration(
  stack: string,
  { acceleratedNetworking, scaleSets }: MachineGroup,
  standing: ReadonlyMap<string, StandingScaleSet>,
): boolean {
  const [found] = scaleSets.flatMap(({ name }) => standing.get(resourceName("scaleSet", stack, name)) ?? []);
  return acceleratedNetworking ?? found?.acceleratedNetworking ?? true;
}
