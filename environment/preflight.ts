/** What a stack file may say of the questions that are asked before anything is made. */
import { z } from "zod";

/** The value of `platform:preflight`. */
export const preflightSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe("Ask Azure, before anything is made, whether the stack can be built: sizes, quota, image, rights"),
  exampleNames: z
    .enum(["refuse", "allow"])
    .default("refuse")
    .describe("Names under .example, which lead nowhere: refuse stops the run, allow is for an Azure that has them"),
  spares: z
    .enum(["required", "warned"])
    .default("required")
    .describe(
      "vCPU quota for machines that repairs and autoscale add: required stops a stack that grows without it, " +
        "warned only tells; the fewest machines must fit in any case",
    ),
});

/** What is asked before anything is made. */
export type PreflightSettings = z.output<typeof preflightSchema>;
