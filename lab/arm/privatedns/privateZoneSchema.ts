/** What a private zone's PUT may hold. */
import { z } from "zod";
import { readOnly, tracked } from "../schema.ts";

export const privateZoneBody = z.strictObject({
  ...tracked,
  properties: z
    .strictObject({
      ...readOnly(
        "maxNumberOfRecordSets",
        "numberOfRecordSets",
        "maxNumberOfVirtualNetworkLinks",
        "numberOfVirtualNetworkLinks",
        "maxNumberOfVirtualNetworkLinksWithRegistration",
        "numberOfVirtualNetworkLinksWithRegistration",
        "internalId",
        "provisioningState",
      ),
    })
    .default({}),
});

export type PrivateZoneBody = z.infer<typeof privateZoneBody>;
