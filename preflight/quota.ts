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
  /** One at most, for all quotas. */
  obstacles: Obstacle[];
  warnings: Obstacle[];
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

  const short = [...new Set(most.map((one) => one.quota))].flatMap((quota): Short[] => {
    const usage = usages.find(({ name }) => name.toLowerCase() === quota);
    if (!usage) return [];
    const needed = { machines: sum(quota, most), spares: sum(quota, spare), stands: sum(quota, there) };
    const free = usage.limit - usage.used;
    const isShort = needed.machines + needed.spares - needed.stands > free;
    return isShort ? [{ usage, ...needed, grows: sum(quota, least) > needed.stands }] : [];
  });
  if (short.length === 0) return { obstacles: [], warnings: [] };
  const obstacle: Obstacle = {
    place: `quota of vCPUs in ${location}`,
    given: short.map(givenText).join("; "),
    allowed: short.map(allowedText).join("; "),
    change:
      "higher limits (Azure's portal, Quotas), or fewer `instances`, a lower `autoscale.maximum` or another `size` " +
      `in ${file}`,
  };
  return short.some(({ grows }) => grows)
    ? { obstacles: [obstacle], warnings: [] }
    : { obstacles: [], warnings: [obstacle] };
}

/** A quota without room, and the vCPUs that count against it. */
interface Short {
  usage: Usage;
  machines: number;
  spares: number;
  stands: number;
  /** The stack asks for more than stands, whatever autoscale and repairs do. */
  grows: boolean;
}

function givenText({ usage, machines, spares, stands }: Short): string {
  const spareText = spares > 0 ? ` and ${spares} for spare machines, which repairs make before they delete` : "";
  return `${usage.title}: ${machines}${spareText}${stands > 0 ? `, of which ${stands} stand` : ""}`;
}

function allowedText({ usage: { title, limit, used }, stands }: Short): string {
  return `${title}: ${limit - used + stands} (the limit is ${limit}, in use are ${used})`;
}
