/** What the PUT of a private zone's link may hold. */
import { z } from "zod";
import { choice, readOnly, referenceTo, tracked } from "../schema.ts";
import { types } from "../typeNames.ts";

export const linkBody = z.strictObject({
  ...tracked,
  properties: z.strictObject({
    virtualNetwork: referenceTo(types.virtualNetwork),
    registrationEnabled: z.boolean().optional(),
    resolutionPolicy: choice("Default", "NxDomainRedirect").optional(),
    ...readOnly("virtualNetworkLinkState", "provisioningState"),
  }),
});

export type LinkBody = z.infer<typeof linkBody>;
