/** What a public zone's PUT may hold. */
import { z } from "zod";
import { choice, readOnly, tracked } from "../schema.ts";

export const zoneBody = z.strictObject({
  ...tracked,
  properties: z
    .strictObject({
      zoneType: choice("Public").optional(),
      ...readOnly(
        "registrationVirtualNetworks",
        "resolutionVirtualNetworks",
        "maxNumberOfRecordSets",
        "maxNumberOfRecordsPerRecordSet",
        "numberOfRecordSets",
        "nameServers",
        "signingKeys",
      ),
    })
    .default({}),
});

export type ZoneBody = z.infer<typeof zoneBody>;
