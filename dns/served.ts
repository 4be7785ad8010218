/** What a name server serves of a name: all its record sets, of every type that a zone may have. */
import type { Answer as PacketRecord } from "dns-packet";
import {
  fullName,
  isRecordType,
  quoted,
  recordTypes,
  spelledIpv6,
  type RecordSet,
} from "../environment/zones/recordSet.ts";
import { ask, ServerFailure, type Server } from "./ask.ts";

/** First what says that nothing else is there. */
const asked = ["CNAME", ...recordTypes.filter((type) => type !== "CNAME")] as const;

/**
 * The record sets of a name in a zone. Of a delegated sub-zone these are its NS, and of its name servers their addresses.
 *
 * @throws ServerFailure where the server does not answer for the zone.
 */
export async function servedBy(server: Server, domain: string, name: string): Promise<RecordSet[]> {
  const owner = fullName(name, domain);
  const sets: RecordSet[] = [];
  for (const type of asked) {
    const {
      rcode,
      flag_aa: isAuthority,
      answers = [],
      authorities = [],
      additionals = [],
    } = await ask(server, owner, type);
    if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") throw new ServerFailure(`${server.name} answers ${rcode}`);
    if (!isAuthority) {
      if (!isReferral(authorities, domain)) throw new ServerFailure(`${server.name} does not serve ${domain}`);
      return setsIn([...authorities, ...additionals], owner, name);
    }
    if (rcode === "NXDOMAIN") return [];
    sets.push(...setsIn(answers, owner, name).filter((set) => set.type === type));
    if (type === "CNAME" && sets.length > 0) break;
  }
  return name === "@" ? sets.filter(({ type }) => type !== "NS") : sets;
}

const isReferral = (authorities: PacketRecord[], domain: string) =>
  authorities.some(({ type, name }) => type === "NS" && name.toLowerCase().endsWith(`.${domain}`));

function setsIn(records: PacketRecord[], owner: string, name: string): RecordSet[] {
  const sets = new Map<string, RecordSet>();
  for (const record of records) {
    const { type } = record;
    if (!isRecordType(type) || record.name.toLowerCase() !== owner || !("ttl" in record)) continue;
    const set = sets.get(type) ?? { name, type, ttl: record.ttl ?? 0, values: [] };
    sets.set(type, { ...set, values: [...set.values, valueOf(record)].sort() });
  }
  return [...sets.values()];
}

const dotted = (name: string) => (name === "." ? name : `${name.toLowerCase()}.`);

function valueOf(record: PacketRecord): string {
  switch (record.type) {
    case "A":
      return record.data;
    case "AAAA":
      return spelledIpv6(record.data);
    case "CAA":
      return `${record.data.flags} ${record.data.tag.toLowerCase()} ${quoted(record.data.value)}`;
    case "CNAME":
    case "NS":
      return dotted(record.data);
    case "MX":
      return `${record.data.preference} ${dotted(record.data.exchange)}`;
    case "SRV":
      return `${record.data.priority} ${record.data.weight} ${record.data.port} ${dotted(record.data.target)}`;
    case "TXT":
      return (record.data as Buffer[]).map((bytes) => quoted(bytes.toString("latin1"))).join(" ");
    default:
      throw new RangeError(`record: given type ${record.type}, allowed are ${recordTypes.join(", ")}`);
  }
}
