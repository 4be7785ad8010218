/** What a stack file may say of what passes between its environment and another one. */
import { z } from "zod";
import { wholeNumber } from "./fields.ts";
import { greatestPort } from "./flows.ts";

export const flowSchema = z.strictObject({
  from: z.string().describe("Tier that calls, or reverse-proxy"),
  to: z.string().describe("Tier that is called, or reverse-proxy, which is the jump host too"),
  port: wholeNumber(1, greatestPort).describe(
    "Port that is called: one of the tier's, or 22 or 80 of the reverse proxy",
  ),
});

/** The value of `platform:environment.peers`, by the names of the other environments. */
export const peerSchema = z
  .strictObject({
    reaches: z.array(flowSchema).default([]).describe("What machines of this environment call there; it must admit it"),
    admits: z.array(flowSchema).default([]).describe("What machines there may call here"),
  })
  .describe("What passes between this environment and another one of the project: what both stack files say");

export type Flow = z.output<typeof flowSchema>;
