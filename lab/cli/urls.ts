/** Addresses at which a stack is asked from outside: those of its zones' names that lead to a public address of the lab. */
import { entryName } from "../../environment/zones/publicRecords.ts";
import type { DnsZone, World } from "../world.ts";

/** URLs of a public zone's names, where their records or those of the name that they are an alias of lead to a proxy. */
export function urlsOf(zone: DnsZone, { zones, publicAddresses }: Pick<World, "zones" | "publicAddresses">): string[] {
  const known = new Set(publicAddresses.map(({ address }) => address));
  const leads = (name: string): boolean =>
    recordsOf(name, zones).some(({ type, values }) => type === "A" && values.some((value) => known.has(value)));
  return zone.records
    .filter(({ name, type, values }) => {
      // The reverse proxies' own name is no host's.
      if (name.startsWith("*") || name === entryName) return false;
      return type === "A" ? values.some((value) => known.has(value)) : type === "CNAME" && values.some(leads);
    })
    .map(({ name }) => `http://${name === "@" ? "" : `${name}.`}${zone.name}/`);
}

/** Records of a full name, in whatever public zone they are. */
function recordsOf(fullName: string, zones: readonly DnsZone[]): DnsZone["records"] {
  const name = fullName.replace(/\.$/, "").toLowerCase();
  return zones
    .filter((zone) => !zone.private)
    .flatMap((zone) =>
      zone.records.filter((one) => (one.name === "@" ? zone.name : `${one.name}.${zone.name}`).toLowerCase() === name),
    );
}
