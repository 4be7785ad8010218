/** Record sets as they are answered: alike for public and private zones except for the letter case of properties. */
import type { Context } from "../context.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { ResourceType } from "../resourceType.ts";
import { slots, type RecordBody } from "./recordSchema.ts";

export type Kind = "public" | "private";

export const spelling: Record<Kind, Record<string, string>> = {
  public: {
    ttl: "TTL",
    arecords: "ARecords",
    aaaarecords: "AAAARecords",
    cnamerecord: "CNAMERecord",
    txtrecords: "TXTRecords",
    mxrecords: "MXRecords",
    srvrecords: "SRVRecords",
    ptrrecords: "PTRRecords",
    caarecords: "caaRecords",
    nsrecords: "NSRecords",
    soarecord: "SOARecord",
    minimumTtl: "minimumTTL",
  },
  private: {
    ttl: "ttl",
    arecords: "aRecords",
    aaaarecords: "aaaaRecords",
    cnamerecord: "cnameRecord",
    txtrecords: "txtRecords",
    mxrecords: "mxRecords",
    srvrecords: "srvRecords",
    ptrrecords: "ptrRecords",
    soarecord: "soaRecord",
  },
};

/** Public zones are answered with `dnszones` in their type and in their IDs. */
export const spelledHead = ({ id, type }: Resource): { id: string; type: string } => ({
  id: id.replace(/\/dnsZones\//i, "/dnszones/"),
  type: type.replace(/\/dnsZones\b/i, "/dnszones"),
});

export function renderRecord(record: Resource<RecordBody>, kind: Kind): object {
  const zone = nameOf(parentOf(record.id));
  const given = Object.entries(record.body.properties as Record<string, unknown>);
  const own = given.map(([key, value]) => {
    const shown = key === "soarecord" ? renamed(value as object, kind) : value;
    return [spelling[kind][key] ?? key, shown] as const;
  });
  return {
    ...(kind === "public" && spelledHead(record)),
    properties: {
      ...Object.fromEntries(own),
      fqdn: record.name === "@" ? `${zone}.` : `${record.name}.${zone}.`,
      ...(kind === "public" ? { provisioningState: "Succeeded", targetResource: {} } : { isAutoRegistered: false }),
    },
  };
}

const renamed = (record: object, kind: Kind): object =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [spelling[kind][key] ?? key, value]));

const pattern = new RegExp(`/(${Object.keys(slots).join("|")})$`, "i");

export const isRecordSet = (resource: Resource, zone: Resource): boolean =>
  keyOf(parentOf(resource.id)) === zone.key && pattern.test(resource.type);

/** Lists can be narrowed to the record sets whose names end so. */
export function endingAsAsked<B extends RecordBody>(records: Resource<B>[], query: URLSearchParams): Resource<B>[] {
  const suffix = query.get("$recordsetnamesuffix")?.toLowerCase() ?? "";
  return records.filter(({ name }) => name.toLowerCase().endsWith(suffix));
}

/** `GET {zone}/recordsets` and `GET {zone}/all`: the record sets of all types. */
export function recordViews(kind: Kind): NonNullable<ResourceType["views"]> {
  const list = (zone: Resource, { store }: Context, query: URLSearchParams): object => ({
    value: endingAsAsked(store.all().filter((one) => isRecordSet(one, zone)) as Resource<RecordBody>[], query).map(
      (one) => ({ id: one.id, name: one.name, type: one.type, etag: one.etag, ...renderRecord(one, kind) }),
    ),
  });
  return { recordsets: list, all: list };
}
