/** What a plan needs of Azure, as far as it is asked for beforehand. Pure. */
import type { ImageReference } from "../azure/images.ts";
import type { StandingScaleSet } from "../azure/standingScaleSets.ts";
import { image } from "../components/tierHag.ts";
import { resourceName } from "../environment/names.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";
import { machineGroups, type Plan } from "../environment/plan.ts";

/** What a group of machines needs. */
export interface GroupNeeds {
  /** For example `back-balancer`. */
  name: string;
  /** Path of its settings, for example `platform:environment.tiers.front`. */
  path: string;
  size: string;
  /** Zones in which it may get machines; empty where the region has none. */
  zones: string[];
  /** Fewest and most machines that the stack asks for. */
  least: number;
  most: number;
  /** Machines that its scale sets have, or are about to have: their capacity, whatever is repaired just now. */
  stands: number;
  /** Machines that repairs make before they delete those that they replace: one for each scale set. */
  spare: number;
  image: ImageReference;
  trustedLaunch: boolean;
  encryptionAtHost: boolean;
  acceleratedNetworking: boolean;
}

/** Scale sets that exist, by their names. */
export type StandingScaleSets = ReadonlyMap<string, Pick<StandingScaleSet, "capacity">>;

/** The needs of all groups of a plan, in its order. */
export function groupNeeds(plan: Plan, standing: StandingScaleSets): GroupNeeds[] {
  return machineGroups(plan).map((machines) => ({
    ...needsOf(machines, plan.imageVersion),
    stands: machinesIn(plan, machines, standing),
  }));
}

/** True where the stack asks for more machines than its scale sets are to have, whatever autoscale and repairs do. */
export function grows({ least, stands }: GroupNeeds): boolean {
  return least > stands;
}

/** A capacity that Azure does not tell is taken for the planned one. */
function machinesIn({ stack }: Plan, { scaleSets }: MachineGroup, standing: StandingScaleSets): number {
  return scaleSets.reduce((total, { name, instances }) => {
    const scaleSet = standing.get(resourceName("scaleSet", stack, name));
    return total + (scaleSet ? (scaleSet.capacity ?? instances) : 0);
  }, 0);
}

function needsOf(machines: MachineGroup, imageVersion: string): Omit<GroupNeeds, "stands"> {
  const { name, path, size, instances, autoscale, repair, scaleSets } = machines;
  const { trustedLaunch, encryptionAtHost, acceleratedNetworking = true } = machines;
  return {
    name,
    path,
    size,
    zones: [...new Set(scaleSets.flatMap(({ zones }) => zones))].sort(),
    least: autoscale?.minimum ?? instances,
    most: autoscale?.maximum ?? instances,
    spare: repair.action === "Replace" ? scaleSets.length : 0,
    image: { ...image, version: imageVersion },
    trustedLaunch,
    encryptionAtHost,
    acceleratedNetworking,
  };
}

/** Values by a key that several share, in the order of their first. */
export function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return groups;
}
