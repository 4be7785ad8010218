/** Public zones of other environments that lie in an environment's own: there the name is delegated to them. Pure. */
import { labelInDomain } from "../hostNames.ts";
import type { Mistake } from "../mistakes.ts";
import type { Peer } from "../peers.ts";
import type { Environment } from "../schema.ts";
import { fullName, type RecordSet } from "./recordSet.ts";
import type { ZoneFile } from "./zoneFile.ts";

/** Another environment's public zone. */
export interface SubZone {
  /** Name of its environment. */
  environment: string;
  stack: string;
  domain: string;
  /** Where it begins in this environment's zone: `dev`. */
  name: string;
}

/** Those of which this environment's zone is the closest one above, sorted by name. */
export function planSubZones({ domain, publicZone }: Environment, others: readonly Peer[]): SubZone[] {
  if (!publicZone) return [];
  const zones = others.filter(({ environment }) => environment.publicZone);
  const isIn = (inner: string, outer: string) => inner !== outer && labelInDomain(inner, outer) !== undefined;
  return zones
    .map(({ stack, environment }) => ({ environment: environment.name, stack, domain: environment.domain }))
    .filter((zone) => isIn(zone.domain, domain))
    .filter(
      (zone) => !zones.some(({ environment: other }) => isIn(zone.domain, other.domain) && isIn(other.domain, domain)),
    )
    .map((zone) => ({ ...zone, name: labelInDomain(zone.domain, domain) ?? "@" }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The record sets that delegate: NS of each zone whose name servers are known, and that the zone file does not delegate. */
export function delegations(
  subZones: readonly SubZone[],
  nameServers: Readonly<Record<string, readonly string[]>>,
  { sets }: ZoneFile,
  ttl: number,
): RecordSet[] {
  return subZones.flatMap(({ name, domain }): RecordSet[] => {
    const values = (nameServers[domain] ?? []).map((server) => `${server.toLowerCase().replace(/\.$/, "")}.`).sort();
    const isDelegated = sets.some((set) => set.name === name && set.type === "NS");
    return values.length === 0 || isDelegated ? [] : [{ name, type: "NS", ttl, values }];
  });
}

/** Records of the zone file that nobody would see, since their name is delegated. */
export function hiddenRecords(
  subZones: readonly SubZone[],
  domain: string,
  file: string,
  { sets }: ZoneFile,
): Mistake[] {
  return subZones.flatMap((zone) =>
    sets
      .filter(({ name, type }) => (name === zone.name && type !== "NS") || name.endsWith(`.${zone.name}`))
      .map(({ name, type, line, column }) => ({
        path: `${file}:${line}:${column}`,
        given: `${type} of ${fullName(name, domain)}`,
        allowed:
          `nothing in ${zone.domain}, which is the zone of ${zone.environment}: the zone file of ` +
          `Pulumi.${zone.stack}.yaml has its records`,
      })),
  );
}
