/** What a network security group's PUT may hold. */
import { z } from "zod";
import { envelope, readOnly, tracked } from "../schema.ts";
import { ruleProperties } from "./securityRuleSchema.ts";

export const securityGroupBody = z.strictObject({
  ...tracked,
  properties: z
    .strictObject({
      securityRules: z
        .array(z.strictObject({ ...envelope, name: z.string(), properties: ruleProperties }))
        .max(1000, "A group has at most 1000 rules")
        .optional(),
      flushConnection: z.boolean().optional(),
      ...readOnly(
        "defaultSecurityRules",
        "networkInterfaces",
        "subnets",
        "flowLogs",
        "resourceGuid",
        "provisioningState",
      ),
    })
    .default({}),
});

export type SecurityGroupBody = z.infer<typeof securityGroupBody>;
