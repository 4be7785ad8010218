/** Whether a region has the sizes of a plan's machines, in their zones and with their features. Pure. */
import type { Size } from "../azure/sizes.ts";
import { groupBy, type GroupNeeds } from "./needs.ts";
import { firstOf, places, type Obstacle } from "./obstacle.ts";

/** The size of a name, in any case. */
export function sizeNamed(sizes: readonly Size[], name: string): Size | undefined {
  return sizes.find((size) => size.name.toLowerCase() === name.toLowerCase());
}

/**
 * Sizes that Azure does not give for machines to come, in the region or in a zone: one obstacle for each size, whatever
 * number of groups have it.
 */
export function availabilityObstacles(
  groups: readonly GroupNeeds[],
  sizes: readonly Size[],
  location: string,
  file: string,
): Obstacle[] {
  return [...groupBy(groups, ({ size }) => size)].flatMap(([name, users]) => {
    const size = sizeNamed(sizes, name);
    if (size && size.refused === undefined) return zoneObstacles(users, size, location, file);
    const why = size ? `; this one is refused to the subscription (${size.refused})` : "";
    return [
      {
        place: placesOf(users, "size"),
        given: name,
        allowed: `a size that ${location} has${why}${likeIt(name, sizes)}`,
        change: `\`size\` in ${file}, or azure-native:location`,
      },
    ];
  });
}

/** Wishes that a size cannot fulfil: one obstacle for each size and wish. */
export function capabilityObstacles(groups: readonly GroupNeeds[], sizes: readonly Size[], file: string): Obstacle[] {
  return [...groupBy(groups, ({ size }) => size)].flatMap(([name, users]) => {
    const size = sizeNamed(sizes, name);
    return size && size.refused === undefined ? wishObstacles(users, size, file) : [];
  });
}

function placesOf(users: readonly GroupNeeds[], setting: string): string {
  return places([...new Set(users.map(({ path }) => `${path}.${setting}`))]);
}

/** Sizes of the same series that the subscription can have. */
function likeIt(name: string, sizes: readonly Size[]): string {
  const series = /^Standard_[A-Z]+/i.exec(name)?.[0].toLowerCase() ?? "";
  const names = sizes
    .filter((size) => size.refused === undefined && size.name.toLowerCase().startsWith(series))
    .map((size) => size.name);
  return names.length === 0 ? "" : `, for example ${firstOf(names, 5)}`;
}

function zoneObstacles(users: readonly GroupNeeds[], size: Size, location: string, file: string): Obstacle[] {
  const usable = size.zones.filter((zone) => !size.refusedZones.has(zone));
  const lacking = users.filter(({ zones }) => zones.some((zone) => !usable.includes(zone)));
  if (lacking.length === 0) return [];
  const wanted = [...new Set(lacking.flatMap(({ zones }) => zones))].sort();
  const reasons = wanted
    .filter((zone) => !usable.includes(zone))
    .map((zone) => {
      const reason = size.refusedZones.get(zone);
      return reason === undefined
        ? `zone ${zone} does not have it`
        : `zone ${zone} is refused to the subscription (${reason})`;
    });
  return [
    {
      place: placesOf(lacking, "size"),
      given: `${size.name} in zones ${wanted.join(", ")} of ${location}`,
      allowed: `${usable.length === 0 ? "no zone" : `zones ${usable.join(", ")}`}: ${reasons.join(", ")}`,
      change: `\`size\` or \`zones\` in ${file}; zones of a stack that stands cannot be changed`,
    },
  ];
}

/** Wishes that a size has to be able to fulfil. */
const wishes: { wish: "encryptionAtHost" | "acceleratedNetworking" | "trustedLaunch"; can: (size: Size) => boolean }[] =
  [
    { wish: "encryptionAtHost", can: ({ capabilities }) => isTrue(capabilities.get("EncryptionAtHostSupported")) },
    {
      wish: "acceleratedNetworking",
      can: ({ capabilities }) => isTrue(capabilities.get("AcceleratedNetworkingEnabled")),
    },
    {
      wish: "trustedLaunch",
      can: ({ capabilities }) =>
        !isTrue(capabilities.get("TrustedLaunchDisabled")) &&
        (capabilities.get("HyperVGenerations") ?? "V1").split(",").includes("V2"),
    },
  ];

/** SKUs write `True` and `False`. */
function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === "true";
}

function wishObstacles(users: readonly GroupNeeds[], size: Size, file: string): Obstacle[] {
  return wishes.flatMap(({ wish, can }) => {
    const wanting = users.filter((group) => group[wish]);
    return wanting.length === 0 || can(size)
      ? []
      : [
          {
            place: placesOf(wanting, "size"),
            given: `${size.name} with ${wish}`,
            allowed: `a size that can do ${wish}, or ${wish}: false`,
            change: `\`size\` or \`${wish}\` in ${file}`,
          },
        ];
  });
}
