/** Whether quotas have room for a plan's machines, and for a spare one where repairs make it first. Pure. */
import type { Size } from "../azure/sizes.ts";
import type { Usage } from "../azure/usages.ts";
import type { GroupNeeds } from "./needs.ts";
import type { Obstacle } from "./obstacle.ts";
import { sizeNamed } from "./sizes.ts";

/** Machines that count against a quota. */
interface Counted {
  /** Name of the quota, in lower case. */
  quota: string;
  vCpus: number;
}

/** What is short: an obstacle, or, for a stack that stands and asks for no machine more, only a lack of spare room. */
export interface QuotaFindings {
  obstacles: Obstacle[];
  warnings: string[];
}

/** All vCPUs of a region; the other quotas are those of families. */
const region = "cores";

/**
 * Compares what the stack adds at most with what is free: machines at autoscale's maximum and spare ones, less those
 * that stand.
 *
 * @param standing Sizes of the stack's machines that exist.
 */
export function quotaFindings(
  groups: readonly GroupNeeds[],
  standing: readonly string[],
  {
    sizes,
    usages,
    location,
    file,
  }: { sizes: readonly Size[]; usages: readonly Usage[]; location: string; file: string },
): QuotaFindings {
  const findings: QuotaFindings = { obstacles: [], warnings: [] };
  const counted = (name: string, machines: number): Counted[] => {
    const size = sizeNamed(sizes, name);
    // A size that is not there is an obstacle of its own.
    if (!size) return [];
    const vCpus = size.vCpus * machines;
    return [region, size.family.toLowerCase()].map((quota) => ({ quota, vCpus }));
  };
  const sum = (quota: string, machines: Counted[]) =>
    machines.reduce((total, one) => total + (one.quota === quota ? one.vCpus : 0), 0);
  const most = groups.flatMap(({ size, most: machines }) => counted(size, machines));
  const least = groups.flatMap(({ size, least: machines }) => counted(size, machines));
  const spare = groups.flatMap(({ size, spare: machines }) => counted(size, machines));
  const there = standing.flatMap((size) => counted(size, 1));

  for (const quota of new Set(most.map((one) => one.quota))) {
    const usage = usages.find(({ name }) => name.toLowerCase() === quota);
    if (!usage) continue;
    const free = usage.limit - usage.used;
    const [machines, spares, stands] = [sum(quota, most), sum(quota, spare), sum(quota, there)];
    if (machines + spares - stands <= free) continue;
    const given =
      `${machines} vCPUs at most, and ${spares} for spare machines, which repairs make before they delete` +
      (stands > 0 ? `; ${stands} of them stand` : "");
    const allowed = `${free + stands} vCPUs: the limit is ${usage.limit}, in use are ${usage.used}`;
    const place = `quota ${usage.title} (${usage.name}) in ${location}`;
    const change =
      `a higher limit (Azure's portal, Quotas), or fewer \`instances\`, a lower \`autoscale.maximum\` or ` +
      `another \`size\` in ${file}`;
    if (sum(quota, least) > stands) findings.obstacles.push({ place, given, allowed, change });
    else findings.warnings.push(`${place}: given ${given}; allowed ${allowed}. Change: ${change}`);
  }
  return findings;
}
