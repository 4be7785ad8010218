/** Whether quotas have room for a plan's machines, and for a spare one where repairs make it first. Pure. */
import type { Size } from "../azure/sizes.ts";
import type { Usage } from "../azure/usages.ts";
import type { PreflightSettings } from "../environment/preflight.ts";
import type { GroupNeeds } from "./needs.ts";
import type { Obstacle } from "./obstacle.ts";
import { sizeNamed } from "./sizes.ts";

/** What is short; of each one at most, for all quotas. */
export interface QuotaFindings {
  obstacles: Obstacle[];
  warnings: Obstacle[];
}

/** All vCPUs of a region; the other quotas are those of families. */
const region = "cores";

/**
 * Compares what the stack adds at most with what is free: machines up to autoscale's maximum that its scale sets do not
 * have, and spare ones. An obstacle is what a group that grows lacks; of machines that only autoscale and repairs add,
 * where `spares` is required.
 */
export function quotaFindings(
  groups: readonly GroupNeeds[],
  {
    sizes,
    usages,
    location,
    file,
    spares: setting,
  }: {
    sizes: readonly Size[];
    usages: readonly Usage[];
    location: string;
    file: string;
    spares: PreflightSettings["spares"];
  },
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
        atOnce: sum(({ least, stands }) => least - stands),
        stands: users.some(({ group }) => group.stands > 0),
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
              `\`size\` in ${file}${some.every(fits) ? `; to go on without room for spare machines: ${goOn}` : ""}`,
          },
        ];
  const isObstacle = (one: Short) => one.atOnce > 0 && (setting === "required" || !fits(one));
  return { obstacles: told(short.filter(isObstacle)), warnings: told(short.filter((one) => !isObstacle(one))) };
}

/** The command by which missing room for spare machines is only told. */
const goOn = "pulumi config set --path platform:preflight.spares warned";

/** A quota without room. */
interface Short {
  usage: Usage;
  /** vCPUs of the machines that are added at most, and of spare ones. */
  added: number;
  spares: number;
  /** vCPUs that the stack takes at once: those of groups that grow, at autoscale's minimum. */
  atOnce: number;
  /** Machines stand that count against it. */
  stands: boolean;
}

/** Has room for what is added at once. */
function fits({ usage, atOnce }: Short): boolean {
  return atOnce <= usage.limit - usage.used;
}

function givenText(short: Short): string {
  const { usage, added, spares, atOnce, stands } = short;
  const atOnceText = fits(short) || atOnce === added ? "" : ` (${atOnce} of them at once)`;
  const spareText = spares > 0 ? ` and ${spares} for spare machines, which repairs make before they delete` : "";
  return `${usage.title}: ${added}${stands ? " more" : ""}${atOnceText}${spareText}`;
}

function allowedText({ usage: { title, limit, used } }: Short): string {
  return `${title}: ${limit - used} (the limit is ${limit}, in use are ${used})`;
}
