/** Record sets, the same for public and private zones except for the letter case of their properties. */
import { z } from "zod";
import { badRequest, conflict, notInLab } from "../errors.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import { parseAddress } from "../addresses.ts";
import { envelope, ignored } from "../schema.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";

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
  trafficmanagementprofile: ignored,
  fqdn: ignored,
  provisioningstate: ignored,
  isautoregistered: ignored,
});

/** Azure's DNS APIs differ in the letter case of these names, and accept any. */
const lowerKeys = z.preprocess((given) => {
  if (given === null || typeof given !== "object" || Array.isArray(given)) return given;
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value]));
}, properties);

const body = z.strictObject({ ...envelope, properties: lowerKeys });

export type RecordBody = z.infer<typeof body>;

/** Property of the record set that holds the records of a type. */
const slots = { A: "arecords", AAAA: "aaaarecords", CNAME: "cnamerecord", TXT: "txtrecords" } as const;

type Kind = "public" | "private";

const spelling = {
  public: {
    ttl: "TTL",
    arecords: "ARecords",
    aaaarecords: "AAAARecords",
    cnamerecord: "CNAMERecord",
    txtrecords: "TXTRecords",
    nsrecords: "NSRecords",
    soarecord: "SOARecord",
  },
  private: {
    ttl: "ttl",
    arecords: "aRecords",
    aaaarecords: "aaaaRecords",
    cnamerecord: "cnameRecord",
    txtrecords: "txtRecords",
    nsrecords: "nsRecords",
    soarecord: "soaRecord",
  },
} as Record<Kind, Record<string, string>>;

/** Texts of the records, as a resolver needs them. */
export function valuesOf(type: RecordType, record: RecordBody): string[] {
  const { properties: given } = record;
  switch (type) {
    case "A":
      return (given.arecords ?? []).map((one) => one.ipv4Address);
    case "AAAA":
      return (given.aaaarecords ?? []).map((one) => one.ipv6Address);
    case "CNAME":
      return given.cnamerecord ? [given.cnamerecord.cname] : [];
    case "TXT":
      return (given.txtrecords ?? []).map((one) => one.value.join(""));
  }
}

function check(type: RecordType): (draft: Draft<RecordBody>, context: Context) => void {
  return (draft, { store }) => {
    const given = draft.body.properties;
    const zone = parentOf(draft.id);
    const name = nameOf(draft.id);
    if (given.ttl === undefined)
      throw badRequest(
        "BadRequest",
        "The TTL of the record set is missing: a whole number of seconds from 1 to 2147483647 is required.",
      );
    const foreign = Object.values(slots).find((slot) => slot !== slots[type] && given[slot] !== undefined);
    if (foreign !== undefined)
      throw badRequest("BadRequest", `A record set of type '${type}' cannot have ${spelling.private[foreign]}.`);
    if (type === "CNAME" && name === "@")
      throw badRequest("BadRequest", `A CNAME record set cannot be created at the apex of the zone '${nameOf(zone)}'.`);
    const neighbours = store
      .all()
      .filter(
        (one) =>
          keyOf(parentOf(one.id)) === keyOf(zone) &&
          one.name.toLowerCase() === name.toLowerCase() &&
          one.key !== keyOf(draft.id),
      );
    const clash = neighbours.find((one) => type === "CNAME" || /\/CNAME$/i.test(one.type));
    if (clash && type === "CNAME")
      throw conflict(
        "Conflict",
        `The CNAME record could not be created because another record with the same name already exists in this zone: ${clash.id}.`,
      );
    if (clash)
      throw conflict(
        "Conflict",
        `The record could not be created because a CNAME record with the same name already exists in this zone: ${clash.id}.`,
      );
  };
}

function renderRecord(record: Resource<RecordBody>, kind: Kind): object {
  const zone = nameOf(parentOf(record.id));
  const given = Object.entries(record.body.properties as Record<string, unknown>);
  const own = given.map(([key, value]) => [spelling[kind][key] ?? key, value] as const);
  return {
    properties: {
      ...Object.fromEntries(own),
      fqdn: record.name === "@" ? `${zone}.` : `${record.name}.${zone}.`,
      ...(kind === "public" ? { provisioningState: "Succeeded", targetResource: {} } : { isAutoRegistered: false }),
    },
  };
}

/** `GET {zone}/recordsets` and `GET {zone}/all`: the record sets of all types. */
export function recordViews(kind: Kind): NonNullable<ResourceType["views"]> {
  const list = (zone: Resource, { store }: Context): object => ({
    value: store
      .all()
      .filter((one) => isRecordSet(one, zone))
      .map((one) => ({
        id: one.id,
        name: one.name,
        type: one.type,
        etag: one.etag,
        ...renderRecord(one as Resource<RecordBody>, kind),
      })),
  });
  return { recordsets: list, all: list };
}

/** One resource type per record type, below `zoneType`. */
export function recordSets(zoneType: string, kind: Kind): ResourceType<RecordBody>[] {
  const render = (record: Resource<RecordBody>): object => renderRecord(record, kind);
  const common = {
    dialect: "dns",
    location: "inherited",
    schema: body,
    asynchronous: false,
    patch: "merge",
    render,
  } as const;
  const name = {
    pattern:
      /^(@|\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*)$/,
    rule: "@, or labels of letters, digits, hyphens and underscores, separated by periods; the first may be *",
  };
  const writable = recordTypes.map((type) => ({ ...common, name, type: `${zoneType}/${type}`, prepare: check(type) }));
  const made = ["NS", "SOA"].map((type) => ({
    ...common,
    name,
    type: `${zoneType}/${type}`,
    prepare: () => {
      throw notInLab(`changes of ${type} records`);
    },
    refuseDelete: (record: Resource<RecordBody>) => {
      throw badRequest(
        "BadRequest",
        `The record set '${record.name}' of type '${type}' cannot be deleted because it was made by Azure with the zone.`,
      );
    },
  }));
  return [...writable, ...made];
}

/** What Azure puts into a new zone. */
export function createApex(zone: Resource, kind: Kind, nameServers: string[], { store }: Context): void {
  const soa = {
    host: nameServers[0] ?? "azureprivatedns.net",
    email: kind === "public" ? "azuredns-hostmaster.microsoft.com" : "azureprivatedns-host.microsoft.com",
    serialNumber: 1,
    refreshTime: 3600,
    retryTime: 300,
    expireTime: 2419200,
    minimumTtl: kind === "public" ? 300 : 10,
  };
  const make = (type: string, given: object): unknown =>
    store.create(`${zone.id}/${type}/@`, `${zone.type}/${type}`, { properties: given }, {}, "Succeeded");
  make("SOA", { ttl: 3600, soarecord: soa });
  if (kind === "public") make("NS", { ttl: 172800, nsrecords: nameServers.map((nsdname) => ({ nsdname })) });
}

export const isRecordSet = (resource: Resource, zone: Resource): boolean =>
  keyOf(parentOf(resource.id)) === zone.key && /\/(A|AAAA|CNAME|TXT|NS|SOA)$/i.test(resource.type);
