/** Record sets as ARM has them: https://learn.microsoft.com/rest/api/dns/record-sets/create-or-update. Pure. */
import { quoted, spelledIpv6, stringsIn, unescapedText, type RecordSet, type RecordType } from "./recordSet.ts";

type Members = Record<string, unknown>;

interface Shape {
  /** Property of ARM's record set, as azure-native spells it. ARM itself differs in the case of letters. */
  property: string;
  /** A name has one such record: the property is no list. */
  single?: boolean;
  toAzure: (value: string) => Members;
  fromAzure: (members: Members) => string;
}

const dotted = (name: unknown) => `${String(name).toLowerCase().replace(/\.$/, "")}.`;
const words = (value: string) => value.split(" ");

const shapes: Record<RecordType, Shape> = {
  A: { property: "aRecords", toAzure: (ipv4Address) => ({ ipv4Address }), fromAzure: (a) => String(a["ipv4Address"]) },
  AAAA: {
    property: "aaaaRecords",
    toAzure: (ipv6Address) => ({ ipv6Address }),
    fromAzure: (aaaa) => spelledIpv6(String(aaaa["ipv6Address"])),
  },
  CAA: {
    property: "caaRecords",
    toAzure: (value) => {
      const [flags, tag] = words(value);
      return { flags: Number(flags), tag, value: unescapedText(stringsIn(value)[0] ?? "") };
    },
    fromAzure: ({ flags, tag, value }) => `${String(flags)} ${String(tag).toLowerCase()} ${quoted(String(value))}`,
  },
  CNAME: {
    property: "cnameRecord",
    single: true,
    toAzure: (cname) => ({ cname }),
    fromAzure: ({ cname }) => dotted(cname),
  },
  MX: {
    property: "mxRecords",
    toAzure: (value) => {
      const [preference, exchange] = words(value);
      return { preference: Number(preference), exchange };
    },
    fromAzure: ({ preference, exchange }) => `${String(preference)} ${dotted(exchange)}`,
  },
  NS: { property: "nsRecords", toAzure: (nsdname) => ({ nsdname }), fromAzure: ({ nsdname }) => dotted(nsdname) },
  SRV: {
    property: "srvRecords",
    toAzure: (value) => {
      const [priority, weight, port, target] = words(value);
      return { priority: Number(priority), weight: Number(weight), port: Number(port), target };
    },
    fromAzure: ({ priority, weight, port, target }) =>
      `${String(priority)} ${String(weight)} ${String(port)} ${dotted(target)}`,
  },
  TXT: {
    property: "txtRecords",
    // Azure reads a string by the escape rules of zone files, but for quotes: `A\B` would be `AB`
    // (https://learn.microsoft.com/azure/dns/dns-faq, "extended ASCII").
    toAzure: (value) => ({ value: stringsIn(value).map((text) => text.replaceAll('\\"', '"')) }),
    fromAzure: ({ value }) => (value as string[]).map((text) => quoted(unescapedText(text))).join(" "),
  },
};

/** The records of a set as the inputs of azure-native's RecordSet: `{ aRecords: [{ ipv4Address }] }`. */
export function azureRecords({ type, values }: RecordSet): Record<string, Members | Members[]> {
  const { property, single, toAzure } = shapes[type];
  const members = values.map(toAzure);
  return { [property]: single ? (members[0] ?? {}) : members };
}

/** A record set as ARM tells it; undefined for what is none of ours: a type that no zone file has, and the zone's own NS. */
export function recordSetOf({
  name,
  type,
  properties,
}: {
  name: string;
  type: string;
  properties: Members;
}): RecordSet | undefined {
  const kind = type.split("/").at(-1)?.toUpperCase() as RecordType;
  const shape = shapes[kind] as Shape | undefined;
  if (!shape || (kind === "NS" && name === "@")) return undefined;
  const given = new Map(Object.entries(properties).map(([key, value]) => [key.toLowerCase(), value]));
  const records = given.get(shape.property.toLowerCase());
  const members = (shape.single ? [records] : (records ?? [])) as (Members | undefined)[];
  const values = members.flatMap((one) => (one ? [shape.fromAzure(one)] : [])).sort();
  return { name: name.toLowerCase(), type: kind, ttl: Number(given.get("ttl")), values };
}
