/** What the PUT of a private zone's link may hold. */
import { z } from "zod";
import { choice, readOnly, reference, tracked } from "../schema.ts";

export const linkBody = z.strictObject({
  ...tracked,
  properties: z.strictObject({
    virtualNetwork: reference,
    registrationEnabled: z.boolean().optional(),
    resolutionPolicy: choice("Default", "NxDomainRedirect").optional(),
    ...readOnly("virtualNetworkLinkState", "provisioningState"),
  }),
});

export type LinkBody = z.infer<typeof linkBody>;
