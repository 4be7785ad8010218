/** What a record set's PUT may hold, the same for public and private zones. */
import { z } from "zod";
import { parseAddress } from "../addresses.ts";
import { envelope, readOnly } from "../schema.ts";

export const recordTypes = ["A", "AAAA", "CNAME", "TXT"] as const;
export type RecordType = (typeof recordTypes)[number];

const properties = z.strictObject({
  ttl: z.int().min(1, "ttl is 1-2147483647 seconds").max(2147483647, "ttl is 1-2147483647 seconds").optional(),
  metadata: z.record(z.string(), z.string()).nullable().optional(),
  arecords: z
    .array(
      z.strictObject({
        ipv4Address: z.string().refine((value) => parseAddress(value) !== undefined, "an IPv4 address is expected"),
      }),
    )
    .max(20, "A record set has at most 20 records")
    .optional(),
  aaaarecords: z
    .array(z.strictObject({ ipv6Address: z.string().regex(/^[0-9a-fA-F:]+$/, "an IPv6 address is expected") }))
    .optional(),
  cnamerecord: z.strictObject({ cname: z.string() }).optional(),
  txtrecords: z
    .array(z.strictObject({ value: z.array(z.string().max(255, "a text has at most 255 characters")) }))
    .optional(),
  nsrecords: z.array(z.strictObject({ nsdname: z.string() })).optional(),
  soarecord: z.record(z.string(), z.unknown()).optional(),
  targetresource: z
    .strictObject({ id: z.null("The lab has no alias record sets").optional() })
    .nullable()
    .optional(),
  ...readOnly("trafficmanagementprofile", "fqdn", "provisioningstate", "isautoregistered"),
});

/** Azure's DNS APIs differ in the letter case of these names, and accept any. */
const lowerKeys = z.preprocess((given) => {
  if (given === null || typeof given !== "object" || Array.isArray(given)) return given;
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value]));
}, properties);

export const recordBody = z.strictObject({ ...envelope, properties: lowerKeys });

export type RecordBody = z.infer<typeof recordBody>;
