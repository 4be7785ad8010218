/** Record sets, the same for public and private zones except for the letter case of their properties. */
import type { DnsZone } from "../../world.ts";
import type { Context, StoreContext } from "../context.ts";
import { badRequest, conflict, notInLab } from "../errors.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { recordBody, recordTypes, type RecordBody, type RecordType } from "./recordSchema.ts";

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

/** Contents of the records, as a resolver needs them. */
function valuesOf(type: RecordType, record: RecordBody): string[] {
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

/** One resource type per record type, below a type of zones. */
export function recordSets(
  { type: zoneType, apiVersions }: Pick<ResourceType, "type" | "apiVersions">,
  kind: Kind,
): ResourceType<RecordBody>[] {
  const render = (record: Resource<RecordBody>): object => renderRecord(record, kind);
  const common = {
    dialect: "dns",
    apiVersions,
    location: "inherited",
    schema: recordBody,
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

/** The record sets of a zone that clients make, as a resolver needs them; by type, in the order of their creation. */
export const projectRecords = (zone: Resource, { store }: StoreContext): DnsZone["records"] =>
  recordTypes.flatMap((type) =>
    store
      .children<RecordBody>(zone.id, `${zone.type}/${type}`)
      .filter(isLive)
      .map(({ name, body }) => ({ name, type, ttl: body.properties.ttl ?? 3600, values: valuesOf(type, body) })),
  );
