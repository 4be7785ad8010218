/** Platform images of the lab. */
import { z } from "zod";
import { ArmError, badRequest } from "../errors.ts";
import { envelope, ignored, lacking } from "../schema.ts";

export const imageReference = z.strictObject({
  id: z.null("The lab has no images of its own: name publisher, offer, sku and version").optional(),
  publisher: z.string(),
  offer: z.string(),
  sku: z.string(),
  version: z.string(),
  exactVersion: ignored,
  sharedGalleryImageId: lacking("galleries of images"),
  communityGalleryImageId: lacking("galleries of images"),
  type: envelope.type,
});

export type ImageReference = z.infer<typeof imageReference>;

export interface Image {
  generation: "V1" | "V2";
  /** Oldest first. */
  versions: string[];
  /** That Debian's image of this release says so is a guess; see conformance. */
  trustedLaunch: boolean;
}

const versions = ["0.20260909.2596", "0.20260914.2601"];

/** Debian's own images in Azure's marketplace, by publisher, offer and SKU. */
export const catalogue: Record<string, Record<string, Record<string, Image>>> = {
  Debian: {
    "debian-13": {
      "13": { generation: "V1", versions, trustedLaunch: false },
      "13-gen2": { generation: "V2", versions, trustedLaunch: true },
    },
  },
};

/** The member of that name in any letter case, with the name as it is spelled. */
export function named<T>(all: Record<string, T>, name: string): { name: string; value: T } | undefined {
  const found = Object.entries(all).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found && { name: found[0], value: found[1] };
}

export const imageOf = ({ publisher, offer, sku }: ImageReference): Image | undefined =>
  named(named(named(catalogue, publisher)?.value ?? {}, offer)?.value ?? {}, sku)?.value;

/** Refuses an image, or a version of one, that the region does not have. */
export function checkImage(image: ImageReference, location: string): Image {
  const found = imageOf(image);
  if (image.version !== "latest" && !/^\d+\.\d+\.\d+$/.test(image.version))
    throw badRequest(
      "InvalidParameter",
      `The value of parameter imageReference.version is invalid: '${image.version}' is neither 'latest' nor a version.`,
      "imageReference",
    );
  if (found && (image.version === "latest" || found.versions.includes(image.version))) return found;
  const known = found
    ? `The lab has its versions ${found.versions.join(", ")}.`
    : `The lab has Debian:debian-13 with the skus ${Object.keys(catalogue["Debian"]!["debian-13"]!).join(", ")}.`;
  throw new ArmError(
    404,
    "PlatformImageNotFound",
    `The platform image '${image.publisher}:${image.offer}:${image.sku}:${image.version}' is not available in location '${location}'. ${known}`,
    { target: "imageReference" },
  );
}
