/** What a stack file may say of its public zone besides the routed hosts. */
import { z } from "zod";
import { routeHost, wholeNumber } from "./fields.ts";

const serverText = "the IPv4 address or the DNS name of a name server, for example ns1.old.example";
const momentText = "a moment in UTC, for example 2026-12-01T08:00:00Z";

const legacy = z
  .strictObject({
    nameServers: z
      .array(z.string({ error: serverText }).regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, { error: serverText }))
      .min(1, { error: "at least one name server" })
      .describe("All name servers of the old provider, by address or name"),
    timeToLive: wholeNumber(1, 604_800).describe(
      "Longest time to live, in seconds, that the switched names had at the old provider before it was lowered",
    ),
    loweredAt: z.iso
      .datetime({ error: momentText })
      .optional()
      .describe("Moment at which it was lowered there, in UTC: 2026-12-01T08:00:00Z"),
  })
  .describe("The old provider of the zone, as long as it is asked by anybody");

/** The value of `platform:environment.dns`. */
export const dnsSchema = z
  .strictObject({
    zoneFile: z
      .string()
      .optional()
      .describe(
        "Records of the public zone besides those of routed hosts: a file in the form of BIND (RFC 1035), by its path in " +
          "the project, for example dns/chatbot.example.zone",
      ),
    target: z
      .record(routeHost, z.enum(["legacy", "azure"]))
      .default({})
      .describe(
        "For routed hosts that the zone file has too: legacy keeps its record there, azure names the reverse proxy. " +
          "Default: legacy for those, azure for all others",
      ),
    timeToLive: wholeNumber(1, 604_800)
      .default(300)
      .describe("Seconds for which resolvers may keep the address of a routed host"),
    legacy: legacy.optional(),
  })
  .describe("The public zone: records of old, and which of two addresses each host has");

export type DnsSettings = z.output<typeof dnsSchema>;
