/** Record sets: one resource type per record type, below a type of zones. */
import { azureNameServers } from "../../serviceNames.ts";
import type { DnsZone } from "../../world.ts";
import type { Context, StoreContext } from "../context.ts";
import { ArmError, badRequest, conflict } from "../errors.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { absolute, recordTexts } from "./presentation.ts";
import { recordBody, slots, spelledRecord, type RecordBody, type RecordType } from "./recordSchema.ts";
import { endingAsAsked, renderRecord, spelling, type Kind } from "./recordView.ts";

/** Private zones have neither delegations nor CAA records. */
const recordTypes: Record<Kind, readonly RecordType[]> = {
  public: ["A", "AAAA", "CNAME", "TXT", "MX", "SRV", "PTR", "CAA", "NS", "SOA"],
  private: ["A", "AAAA", "CNAME", "TXT", "MX", "SRV", "PTR", "SOA"],
};

function check(type: RecordType): (draft: Draft<RecordBody>, context: Context) => void {
  return (draft, context) => {
    const { store } = context;
    const given = draft.body.properties;
    const zone = parentOf(draft.id);
    const name = nameOf(draft.id);
    if (given.ttl === undefined) throw badRequest("BadRequest", "The request was invalid.");
    const foreign = Object.values(slots).find((slot) => slot !== slots[type] && given[slot] !== undefined);
    if (foreign !== undefined)
      throw badRequest("BadRequest", `A record set of type '${type}' cannot have ${spelling.public[foreign]}.`);
    if (type === "SOA" || (type === "NS" && name === "@")) return checkApex(type, draft, context);
    if (type === "NS" && name.startsWith("*"))
      throw badRequest("BadRequest", "Record sets of type 'NS' cannot have a wildcard as their name.");
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

/**
 * What Azure made with the zone: its name servers stay, and others can be added; of the start of authority, its times and
 * its mail address can be changed.
 */
function checkApex(type: "NS" | "SOA", { existing, body, id }: Draft<RecordBody>, { store }: Context): void {
  if (type === "NS") {
    const given = (body.properties.nsrecords ?? []).map(({ nsdname }) => absolute(nsdname).toLowerCase());
    const pool = store.get(parentOf(id))?.computed.pool;
    const missing = azureNameServers(pool).find((server) => !given.includes(server));
    if (missing !== undefined)
      throw badRequest(
        "BadRequest",
        `The name server '${missing}' of zone '${nameOf(parentOf(id))}' cannot be removed.`,
      );
    return;
  }
  if (!existing) throw badRequest("BadRequest", "The record set of type 'SOA' is named '@' and made with its zone.");
  const { host, serialNumber, ...before } = existing.body.properties.soarecord ?? {};
  body.properties.soarecord = { ...before, ...body.properties.soarecord, host, serialNumber };
}

/** `@`, or labels; the first may be an asterisk. */
const name = {
  pattern:
    /^(@|\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*)$/,
  rule: "@, or labels of letters, digits, hyphens and underscores, separated by periods; the first may be *",
};

export const recordSets = (
  { type: zoneType, apiVersions }: Pick<ResourceType, "type" | "apiVersions">,
  kind: Kind,
): ResourceType<RecordBody>[] =>
  recordTypes[kind].map((type) => ({
    type: `${zoneType}/${type}`,
    dialect: "dns",
    bareRefusals: true,
    apiVersions,
    location: "inherited",
    name,
    schema: recordBody,
    spelled: spelledRecord,
    asynchronous: false,
    patch: "merge",
    filter: endingAsAsked,
    prepare: check(type),
    render: (record) => renderRecord(record, kind),
    missing: (id) => {
      const [, , subscription, , group] = id.split("/");
      return new ArmError(
        404,
        "NotFound",
        `The resource record '${nameOf(id)}' does not exist in resource group '${group}' of subscription '${subscription}'.`,
      );
    },
    refuseDelete: (record) => {
      if ((type === "NS" || type === "SOA") && record.name === "@")
        throw badRequest("BadRequest", `Record sets of type '${type}' with name '@' cannot be deleted.`);
    },
  }));

/** What Azure puts into a new zone. */
export function createApex(zone: Resource, kind: Kind, nameServers: readonly string[], { store }: Context): void {
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

/** The record sets of a zone, as a name server needs them; by type, in the order of their creation. Private zones have no start. */
export const projectRecords = (zone: Resource, kind: Kind, { store }: StoreContext): DnsZone["records"] =>
  recordTypes[kind]
    .filter((type) => kind === "public" || type !== "SOA")
    .flatMap((type) =>
      store
        .children<RecordBody>(zone.id, `${zone.type}/${type}`)
        .filter(isLive)
        .map(({ name, body: { properties } }) => ({
          name,
          type,
          ttl: properties.ttl ?? 3600,
          values: recordTexts[type](properties),
        })),
    );
