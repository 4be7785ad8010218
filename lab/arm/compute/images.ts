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

type ImageReference = z.infer<typeof imageReference>;

/** Debian's own images in Azure's marketplace, by offer. */
const skus: Record<string, string[]> = { "debian-13": ["13", "13-gen2"] };

export function checkImage(image: ImageReference, location: string): void {
  const offers = image.publisher.toLowerCase() === "debian" ? skus : {};
  if (offers[image.offer.toLowerCase()]?.includes(image.sku.toLowerCase())) {
    if (image.version === "latest" || /^\d+\.\d+\.\d+$/.test(image.version)) return;
    throw badRequest(
      "InvalidParameter",
      `The value of parameter imageReference.version is invalid: '${image.version}' is neither 'latest' nor a version.`,
      "imageReference",
    );
  }
  throw new ArmError(
    404,
    "PlatformImageNotFound",
    `The platform image '${image.publisher}:${image.offer}:${image.sku}:${image.version}' is not available in location '${location}'. The lab has Debian:debian-13 with the skus ${skus["debian-13"]!.join(", ")}.`,
    { target: "imageReference" },
  );
}
