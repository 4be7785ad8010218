/** Whether a region has the image of a plan's machines, and the image fits their sizes and features. Pure. */
import type { Image, ImageReference } from "../azure/images.ts";
import type { Size } from "../azure/sizes.ts";
import { groupBy, type GroupNeeds } from "./needs.ts";
import { firstOf, places, type Obstacle } from "./obstacle.ts";
import { sizeNamed } from "./sizes.ts";

/** `Debian:debian-13:13-gen2:latest`, as `az vm image` writes it. */
export function urnOf({ publisher, offer, sku, version }: ImageReference): string {
  return [publisher, offer, sku, version].join(":");
}

/**
 * What is wrong with an image for the groups that are made from it.
 *
 * @param image Undefined where the region does not have it.
 * @param versions Versions that the region has, the oldest first; needed only where the image is undefined.
 */
export function imageObstacles(
  groups: readonly GroupNeeds[],
  reference: ImageReference,
  image: Image | undefined,
  versions: readonly string[],
  { sizes, location, file }: { sizes: readonly Size[]; location: string; file: string },
): Obstacle[] {
  const place = `image ${urnOf(reference)}`;
  if (!image) {
    const newest = [...versions].reverse();
    return [
      {
        place,
        given: `version ${reference.version} in ${location}`,
        allowed: newest.length === 0 ? `a region that has this image` : `a version there: ${firstOf(newest, 3)}`,
        change: newest.length === 0 ? `azure-native:location in ${file}` : `\`imageVersion\` in ${file}`,
      },
    ];
  }
  const { plan } = image;
  return [
    ...(plan
      ? [
          {
            place,
            given: `an image with a plan (${[plan.publisher, plan.product, plan.name].join(" ")})`,
            allowed: "an image without a plan, whose terms nobody has to accept",
            change: "the image in components/tierHag.ts",
          },
        ]
      : []),
    ...[...groupBy(groups, ({ size }) => size)].flatMap(([name, users]) => {
      const size = sizeNamed(sizes, name);
      return size ? misfits(users, size, image, place, file) : [];
    }),
    ...featureObstacles(groups, image, place, file),
  ];
}

/** What of the image a size cannot boot. */
function misfits(users: readonly GroupNeeds[], size: Size, image: Image, place: string, file: string): Obstacle[] {
  const generations = (size.capabilities.get("HyperVGenerations") ?? "V1").split(",");
  const architecture = size.capabilities.get("CpuArchitectureType") ?? "x64";
  const controllers = list(size.capabilities.get("DiskControllerTypes") ?? "SCSI");
  const imageControllers = list(image.features.get("DiskControllerTypes") ?? "SCSI");
  const unlike: [wrong: boolean, given: string, allowed: string][] = [
    [
      !generations.includes(image.hyperVGeneration),
      `generation ${image.hyperVGeneration} on ${size.name}`,
      `generation ${generations.join(" or ")}`,
    ],
    [
      architecture !== image.architecture,
      `architecture ${image.architecture} on ${size.name}`,
      `architecture ${architecture}`,
    ],
    [
      !controllers.some((one) => imageControllers.includes(one)),
      `disks by ${imageControllers.join(" or ")} on ${size.name}`,
      `disks by ${controllers.join(" or ")}`,
    ],
  ];
  const paths = places([...new Set(users.map(({ path }) => `${path}.size`))]);
  return unlike
    .filter(([wrong]) => wrong)
    .map(([, given, allowed]) => ({
      place,
      given,
      allowed: `${allowed}, which this size has`,
      change: `${paths} in ${file}`,
    }));
}

function list(value: string): string[] {
  return value.split(",").map((one) => one.trim());
}

/** Wishes that the image has to be made for. */
function featureObstacles(groups: readonly GroupNeeds[], image: Image, place: string, file: string): Obstacle[] {
  const securityType = image.features.get("SecurityType") ?? "none";
  const acceleration = image.features.get("IsAcceleratedNetworkSupported") ?? "True";
  const lacks = (wish: string, has: boolean, value: string) =>
    has
      ? []
      : [
          {
            place,
            given: `${wish} with an image for which Azure says ${value}`,
            allowed: `an image that is made for it, or ${wish}: false`,
            change: `\`${wish}\` or \`imageVersion\` in ${file}`,
          },
        ];
  return [
    ...lacks(
      "trustedLaunch",
      !groups.some((group) => group.trustedLaunch) || securityType.startsWith("TrustedLaunch"),
      `SecurityType ${securityType}`,
    ),
    ...lacks(
      "acceleratedNetworking",
      !groups.some((group) => group.acceleratedNetworking) || acceleration.toLowerCase() === "true",
      `IsAcceleratedNetworkSupported ${acceleration}`,
    ),
  ];
}
