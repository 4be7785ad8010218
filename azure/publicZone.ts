/** A public zone as ARM has it: https://learn.microsoft.com/rest/api/dns/ */
import { resourceName } from "../environment/names.ts";
import type { Plan } from "../environment/plan.ts";
import { recordSetOf } from "../environment/zones/azureRecords.ts";
import { inOrder, type RecordSet } from "../environment/zones/recordSet.ts";
import { QuestionError, type Questions } from "./questions.ts";

const apiVersion = "2018-05-01";

/** A zone that stands. */
export interface StandingZone {
  /** Names of Azure's name servers for it. */
  nameServers: string[];
  /** Without the zone's own SOA and NS. */
  sets: RecordSet[];
}

/**
 * The public zone of an environment; undefined while there is none.
 *
 * @throws QuestionError where Azure does not tell.
 */
export async function standingZone(
  asking: Questions,
  { stack, domain }: Pick<Plan, "stack" | "domain">,
): Promise<StandingZone | undefined> {
  const group = `/subscriptions/${asking.subscriptionId}/resourceGroups/${resourceName("resourceGroup", stack)}`;
  const path = `${group}/providers/Microsoft.Network/dnsZones/${domain}`;
  try {
    const [zone, sets] = await Promise.all([
      asking.get({ path, apiVersion }) as Promise<{ properties: { nameServers: string[] } }>,
      asking.list({ path: `${path}/recordsets`, apiVersion }) as Promise<Parameters<typeof recordSetOf>[0][]>,
    ]);
    return { nameServers: zone.properties.nameServers, sets: inOrder(sets.flatMap((set) => recordSetOf(set) ?? [])) };
  } catch (error) {
    if (error instanceof QuestionError && error.status === 404) return undefined;
    throw error;
  }
}
