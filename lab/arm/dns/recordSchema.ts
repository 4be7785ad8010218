/** What a record set's PUT may hold, the same for public and private zones. */
import { isIPv6 } from "node:net";
import { z } from "zod";
import { parseAddress } from "../addresses.ts";
import { checked, envelope, readOnly } from "../schema.ts";

/** Property of the record set that holds the records of a type, in lower case. */
export const slots = {
  A: "arecords",
  AAAA: "aaaarecords",
  CNAME: "cnamerecord",
  TXT: "txtrecords",
  MX: "mxrecords",
  SRV: "srvrecords",
  PTR: "ptrrecords",
  CAA: "caarecords",
  NS: "nsrecords",
  SOA: "soarecord",
} as const;
export type RecordType = keyof typeof slots;

const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;
const isDomainName = (name: string): boolean =>
  name.length <= 253 &&
  name
    .replace(/\.$/, "")
    .split(".")
    .every((one) => label.test(one));

const domainName = checked(isDomainName, (name) => `The domain name '${name}' is invalid.`);
const ipv4Address = checked(
  (value) => parseAddress(value) !== undefined,
  (value) => `The provided ip address '${value}' is not valid.`,
);

const ipv6Address = checked(
  (value) => isIPv6(value) && !value.includes("%"),
  (value) => `The provided ip address '${value}' is not valid.`,
);

const whole = (most: number): z.ZodInt =>
  z.int().min(0, `0 to ${most} is expected`).max(most, `0 to ${most} is expected`);
const seconds = z.int().min(0).max(2147483647);

/** Of all strings of a TXT record set together. */
const longestTexts = 4096;

const list = <T extends z.ZodType>(record: T): z.ZodOptional<z.ZodArray<T>> =>
  z.array(record).max(20, "A record set has at most 20 records").optional();

const soaRecord = z.strictObject({
  host: z.string().optional(),
  email: z.string().optional(),
  serialNumber: z.int().optional(),
  refreshTime: seconds.optional(),
  retryTime: seconds.optional(),
  expireTime: seconds.optional(),
  minimumTtl: seconds.optional(),
});

const properties = z.strictObject({
  ttl: z.int().min(1, "ttl is 1-2147483647 seconds").max(2147483647, "ttl is 1-2147483647 seconds").optional(),
  metadata: z.record(z.string(), z.string()).nullable().optional(),
  arecords: list(z.strictObject({ ipv4Address })),
  aaaarecords: list(z.strictObject({ ipv6Address })),
  // An empty target is no record.
  cnamerecord: z
    .strictObject({ cname: z.union([z.literal(""), domainName]) })
    .optional()
    .transform((record) => (record?.cname === "" ? undefined : record)),
  txtrecords: list(
    z.strictObject({ value: z.array(z.string().max(255, "a string has at most 255 characters")).min(1) }),
  ).refine(
    (records = []) => records.flatMap(({ value }) => value).join("").length <= longestTexts,
    `The strings of a record set have at most ${longestTexts} characters`,
  ),
  mxrecords: list(z.strictObject({ preference: whole(65535), exchange: domainName })),
  srvrecords: list(
    z.strictObject({ priority: whole(65535), weight: whole(65535), port: whole(65535), target: domainName }),
  ),
  ptrrecords: list(z.strictObject({ ptrdname: domainName })),
  caarecords: list(z.strictObject({ flags: whole(255), tag: z.string().regex(/^[a-z0-9]+$/i), value: z.string() })),
  nsrecords: list(z.strictObject({ nsdname: domainName })),
  soarecord: soaRecord.optional(),
  targetresource: z
    .strictObject({ id: z.null("The lab has no alias record sets").optional() })
    .nullable()
    .optional(),
  ...readOnly("trafficmanagementprofile", "fqdn", "provisioningstate", "isautoregistered"),
});

type Members = Record<string, unknown>;
const isObject = (given: unknown): given is Members =>
  given !== null && typeof given === "object" && !Array.isArray(given);
const renamed = (given: Members, name: (key: string) => string): Members =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [name(key), value]));

/** Azure's DNS APIs differ in the letter case of these names, and accept any. */
function lowerKeys(given: unknown): unknown {
  if (!isObject(given)) return given;
  const lower = renamed(given, (key) => key.toLowerCase());
  if (!isObject(lower["soarecord"])) return lower;
  const soarecord = renamed(lower["soarecord"], (key) => (key.toLowerCase() === "minimumttl" ? "minimumTtl" : key));
  return { ...lower, soarecord };
}

export const spelledRecord = (given: Members): Members =>
  "properties" in given ? { ...given, properties: lowerKeys(given["properties"]) } : given;

export const recordBody = z.strictObject({ ...envelope, properties: z.preprocess(lowerKeys, properties) });

export type RecordBody = z.infer<typeof recordBody>;
