/** What a resource group's PUT may hold. */
import { z } from "zod";
import { ignored, tracked } from "../schema.ts";

export const groupBody = z.strictObject({
  ...tracked,
  managedBy: z.string().optional(),
  properties: z.strictObject({ provisioningState: ignored }).optional(),
});

export type GroupBody = z.infer<typeof groupBody>;
