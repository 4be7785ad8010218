/** Which routed hosts go over from their legacy address to Azure's, and from when on they may. Pure. */
import type { DnsSettings } from "../environment/dnsSchema.ts";
import { publicHosts, type PublicHost, type PublicPlan } from "../environment/zones/publicRecords.ts";
import { addressTypes, answersOf, type RecordSet } from "../environment/zones/recordSet.ts";
import type { ZoneFile } from "../environment/zones/zoneFile.ts";

/** Hosts for which Azure is the target, and which have a legacy address to come from. */
export function movedHosts(plan: PublicPlan, zoneFile: ZoneFile): PublicHost[] {
  return publicHosts(plan, zoneFile).filter(({ target, legacy }) => target === "azure" && addresses(legacy).length > 0);
}

/** Those of them that still have it: what stands at Azure is the legacy record. */
export function switchedHosts(plan: PublicPlan, zoneFile: ZoneFile, standing: readonly RecordSet[]): PublicHost[] {
  return movedHosts(plan, zoneFile).filter(({ name, legacy }) => {
    const now = addresses(answersOf(standing, name));
    return now.length > 0 && now.join("\n") === addresses(legacy).join("\n");
  });
}

/** Where a name leads, without the time for which that may be kept. */
const addresses = (sets: readonly RecordSet[]): string[] =>
  sets
    .filter(({ type }) => addressTypes.includes(type))
    .map(({ type, values }) => `${type} ${values.join(" ")}`)
    .sort();

/**
 * The moment from which no resolver keeps an answer with the long time to live any more. undefined: nobody has said when it
 * was lowered; the beginning of time: it was short always, or there is no old provider.
 */
export function readyAt({ legacy, timeToLive }: DnsSettings): Date | undefined {
  if (!legacy || legacy.timeToLive <= timeToLive) return new Date(0);
  if (legacy.loweredAt === undefined) return undefined;
  return new Date(Date.parse(legacy.loweredAt) + legacy.timeToLive * 1000);
}

/** `2026-12-02T08:00:00Z` */
export const showMoment = (moment: Date): string => moment.toISOString().replace(/\.\d+Z$/, "Z");
