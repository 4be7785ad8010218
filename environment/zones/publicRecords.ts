/** The records of an environment's public zone: those of old, and those of the routed hosts. Pure. */
import type { Mistake } from "../mistakes.ts";
import { labelInDomain } from "../hostNames.ts";
import type { Plan } from "../plan.ts";
import { addressTypes, answersOf, delegationOf, fullName, inOrder, type RecordSet } from "./recordSet.ts";
import { delegations, hiddenRecords } from "./subZones.ts";
import type { PlacedSet, ZoneFile } from "./zoneFile.ts";

export type PublicPlan = Pick<Plan, "domain" | "publicZone" | "subZones" | "dns"> & {
  reverseProxy: Pick<Plan["reverseProxy"], "routes" | "forwards" | "entry" | "public">;
};

/** Name in a zone under which its reverse proxies are, for hosts that are aliases of it. */
export const entryName = "entry";

/** A routed host of the public zone. */
export interface PublicHost {
  host: string;
  /** In the zone: `www`, `*`, `@`. */
  name: string;
  /** legacy: what the zone file says; azure: the reverse proxies; none: there is no public address yet. */
  target: "legacy" | "azure" | "none";
  /** What the zone file says of it, by its own name or by a wildcard. */
  legacy: PlacedSet[];
  /** Where it is at Azure: an alias of this host, or the public address. */
  alias?: string;
}

/** The routed hosts that lie in an environment's public zone. */
export function publicHosts(plan: PublicPlan, { sets }: ZoneFile): PublicHost[] {
  if (!plan.publicZone) return [];
  const { routes, entry, public: isPublic } = plan.reverseProxy;
  return routes.flatMap(({ host }): PublicHost[] => {
    const name = labelInDomain(host, plan.domain);
    if (name === undefined) return [];
    const legacy = answersOf(sets, name);
    const wasAddressed = legacy.some(({ type }) => addressTypes.includes(type));
    const target = plan.dns.target[host] ?? (wasAddressed ? "legacy" : "azure");
    // An alias stays one: Azure changes where a CNAME leads at once, but an A record in its place only after a moment without.
    const wasAlias = name !== "@" && name !== entryName && legacy.some(({ type }) => type === "CNAME");
    const alias = entry ? `${entryName}.${entry.domain}` : wasAlias ? `${entryName}.${plan.domain}` : undefined;
    const isThere = entry !== undefined || isPublic;
    return [{ host, name, target: target === "azure" && !isThere ? "none" : target, legacy, ...(alias && { alias }) }];
  });
}

/**
 * All record sets of an environment's public zone, in the order of their names.
 *
 * @param address The environment's public address, as a string or as what will be one.
 * @param nameServers Those of zones below this one, by their domain, as far as they stand.
 */
export function planPublicRecords<Address>(
  plan: PublicPlan,
  zoneFile: ZoneFile,
  address: Address,
  nameServers: Readonly<Record<string, readonly string[]>> = {},
): RecordSet<string | Address>[] {
  if (!plan.publicZone) return [];
  const { timeToLive: ttl } = plan.dns;
  const hosts = publicHosts(plan, zoneFile);
  const moved = hosts.filter(({ target }) => target === "azure");
  const isReplaced = ({ name, type }: RecordSet) =>
    addressTypes.includes(type) && moved.some((host) => host.name === name);
  const kept = zoneFile.sets
    .filter((set) => !isReplaced(set))
    .map(({ name, type, ttl: own, values }) => ({ name, type, ttl: own, values }));
  const made = moved.flatMap(({ name, legacy, alias }): RecordSet<string | Address>[] => [
    alias === undefined
      ? { name, type: "A", ttl, values: [address] }
      : { name, type: "CNAME", ttl, values: [`${alias}.`] },
    // What else a wildcard said of the host: a name with records of its own has nothing of it.
    ...legacy
      .filter((set) => set.name !== name && !addressTypes.includes(set.type))
      .map(({ type, ttl: own, values }) => ({ name, type, ttl: own, values })),
  ]);
  const entry: RecordSet<string | Address>[] = needsEntry(plan, hosts)
    ? [{ name: entryName, type: "A", ttl, values: [address] }]
    : [];
  const all = [...kept, ...made, ...entry, ...delegations(plan.subZones, nameServers, zoneFile, ttl)];
  // A route may be for the entry's name, too.
  return inOrder(
    all.filter(({ name, type }, index) => all.findIndex((set) => set.name === name && set.type === type) === index),
  );
}

/**
 * Whether hosts are aliases of this environment's entry, or will be: those of environments behind it, or its own. It is there
 * before they are switched: an alias of what no name server has yet would be nowhere for a moment.
 */
function needsEntry({ domain, reverseProxy }: PublicPlan, hosts: readonly PublicHost[]): boolean {
  return (
    reverseProxy.public &&
    (reverseProxy.forwards.length > 0 || hosts.some(({ alias }) => alias === fullName(entryName, domain)))
  );
}

/** What cannot be: `dns.target` and the zone file, and the zone file and the routes, do not fit. */
export function publicRecordMistakes(plan: PublicPlan, zoneFile: ZoneFile): Mistake[] {
  const hosts = publicHosts(plan, zoneFile);
  const file = plan.dns.zoneFile ?? "";
  const place = (set: PlacedSet) => `${file}:${set.line}:${set.column}`;
  const mistakes: Mistake[] = hosts.flatMap(({ host, name, target, legacy, alias }): Mistake[] => {
    const path = `platform:environment.dns.target.${host}`;
    if (target === "legacy")
      return legacy.some(({ type }) => addressTypes.includes(type))
        ? []
        : [
            {
              path,
              given: "legacy",
              allowed: `azure, or ${file ? "" : "dns.zoneFile with "}a record of ${host} in ${file || "it"}`,
            },
          ];
    if (target === "none") return [];
    const subZone = delegationOf(zoneFile.sets, name);
    if (subZone !== undefined)
      return [
        {
          path,
          given: `azure, and NS of ${fullName(subZone, plan.domain)} in ${file}`,
          allowed: "a host that is not below a delegated zone",
        },
      ];
    if (alias === undefined) return [];
    if (name === "@")
      return [
        {
          path,
          given: `azure, an alias of ${alias}`,
          allowed: "a host below the zone: the zone itself cannot be an alias",
        },
      ];
    return legacy
      .filter(({ type }) => !addressTypes.includes(type))
      .map((set) => ({
        path: place(set),
        given: `${set.type} of ${fullName(set.name, plan.domain)}`,
        allowed: `nothing beside the alias that ${host} is by dns.target: CNAME ${alias}`,
      }));
  });
  const isRouted = hosts.some(({ name }) => name === entryName);
  const inTheWay =
    needsEntry(plan, hosts) && !isRouted
      ? zoneFile.sets.filter(({ name, type }) => name === entryName && addressTypes.includes(type))
      : [];
  return [
    ...mistakes,
    ...hiddenRecords(plan.subZones, plan.domain, file, zoneFile),
    ...inTheWay.map((set) => ({
      path: place(set),
      given: `${set.type} of ${fullName(entryName, plan.domain)}`,
      allowed: `another name: ${fullName(entryName, plan.domain)} is the address of the reverse proxies, of which hosts are aliases`,
    })),
  ];
}
