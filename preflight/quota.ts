/** Whether quotas have room for a plan's machines, and for a spare one where repairs make it first. Pure. */
import type { Size } from "../azure/sizes.ts";
import type { Usage } from "../azure/usages.ts";
import { grows, type GroupNeeds } from "./needs.ts";
import type { Obstacle } from "./obstacle.ts";
import { sizeNamed } from "./sizes.ts";

/** What is short: an obstacle where a group grows, otherwise a lack of room for machines to come. */
export interface QuotaFindings {
  /** One at most, for all quotas. */
  obstacles: Obstacle[];
  warnings: Obstacle[];
}

/** All vCPUs of a region; the other quotas are those of families. */
const region = "cores";

/**
 * Compares what the stack adds at most with what is free: machines up to autoscale's maximum that its scale sets do not
 * have, and spare ones.
 */
export function quotaFindings(
  groups: readonly GroupNeeds[],
  {
    sizes,
    usages,
    location,
    file,
  }: { sizes: readonly Size[]; usages: readonly Usage[]; location: string; file: string },
): QuotaFindings {
  // A size that is not there is an obstacle of its own.
  const counted = groups.flatMap((group) => {
    const size = sizeNamed(sizes, group.size);
    return size ? [{ group, vCpus: size.vCpus, quotas: [region, size.family.toLowerCase()] }] : [];
  });
  const short = [...new Set(counted.flatMap(({ quotas }) => quotas))].flatMap((quota): Short[] => {
    const usage = usages.find(({ name }) => name.toLowerCase() === quota);
    if (!usage) return [];
    const users = counted.filter(({ quotas }) => quotas.includes(quota));
    const sum = (machines: (group: GroupNeeds) => number) =>
      users.reduce((total, { group, vCpus }) => total + vCpus * Math.max(0, machines(group)), 0);
    const added = sum(({ most, stands }) => most - stands);
    const spares = sum(({ spare }) => spare);
    if (added + spares <= usage.limit - usage.used) return [];
    return [
      {
        ...{ usage, added, spares },
        stands: users.some(({ group }) => group.stands > 0),
        grows: users.some(({ group }) => grows(group)),
      },
    ];
  });
  const told = (some: readonly Short[]): Obstacle[] =>
    some.length === 0
      ? []
      : [
          {
            place: `quota of vCPUs in ${location}`,
            given: some.map(givenText).join("; "),
            allowed: some.map(allowedText).join("; "),
            change:
              "higher limits (Azure's portal, Quotas), or fewer `instances`, a lower `autoscale.maximum` or another " +
              `\`size\` in ${file}`,
          },
        ];
  return {
    obstacles: told(short.filter((one) => one.grows)),
    warnings: told(short.filter((one) => !one.grows)),
  };
}

/** A quota without room. */
interface Short {
  usage: Usage;
  /** vCPUs of the machines that are added at most, and of spare ones. */
  added: number;
  spares: number;
  /** Machines stand that count against it. */
  stands: boolean;
  /** A group grows that counts against it. */
  grows: boolean;
}

function givenText({ usage: { title }, added, spares, stands }: Short): string {
  const spareText = spares > 0 ? ` and ${spares} for spare machines, which repairs make before they delete` : "";
  return `${title}: ${added}${stands ? " more" : ""}${spareText}`;
}

function allowedText({ usage: { title, limit, used } }: Short): string {
  return `${title}: ${limit - used} (the limit is ${limit}, in use are ${used})`;
}
