/** Microsoft.Network/dnsZones */
import { azureNameServers, azurePools } from "../../serviceNames.ts";
import type { Context } from "../context.ts";
import { notInLab } from "../errors.ts";
import { keyOf, nameOf } from "../ids.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { isRecordSet, recordViews, spelledHead } from "./recordView.ts";
import { createApex, projectRecords, recordSets } from "./records.ts";
import { zoneBody, type ZoneBody } from "./zoneSchema.ts";

export const zoneName = {
  pattern:
    /^(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/,
  rule: "A zone name has 2-34 labels of letters, digits, underscores and hyphens, separated by periods",
};

/** Of public and private zones. */
export const zoneTags = { most: 15, names: /^[^\d\s]\S*$/, rule: "no spaces, and no digit at the beginning" };

/**
 * Zones that share a name get different name servers, as documented. Those of which one contains the other do here as
 * well: what is below a zone is found only where it is delegated.
 */
function choosePool({ id, computed }: Draft<ZoneBody>, { store }: Context): void {
  if (computed.pool !== undefined) return;
  const name = nameOf(id).toLowerCase();
  const related = store
    .ofType(types.dnsZone)
    .filter((zone) => zone.key !== keyOf(id) && contains(zone.name.toLowerCase(), name));
  const taken = new Set(related.map((zone) => zone.computed.pool ?? azurePools[0]));
  computed.pool = azurePools.find((pool) => !taken.has(pool));
  if (computed.pool === undefined)
    throw notInLab(`more than ${azurePools.length} zones of one name, or of which each contains the next`);
}

/** Whether one of the two names is the other, or a name below it. */
const contains = (one: string, other: string): boolean =>
  `.${one}`.endsWith(`.${other}`) || `.${other}`.endsWith(`.${one}`);

export const dnsZones: ResourceType<ZoneBody> = {
  type: types.dnsZone,
  dialect: "dns",
  apiVersions: ["2018-05-01", "2023-07-01-preview"],
  location: "global",
  name: zoneName,
  tags: zoneTags,
  schema: zoneBody,
  bareRefusals: true,
  asynchronous: false,
  deletedLater: true,
  patch: "tags",
  prepare: choosePool,
  applied: (zone, existing, _, context) => {
    if (!existing) createApex(zone, "public", azureNameServers(zone.computed.pool), context);
  },
  render: (zone, { store }) => ({
    ...spelledHead(zone),
    properties: {
      maxNumberOfRecordSets: 10000,
      maxNumberOfRecordsPerRecordSet: null,
      nameServers: azureNameServers(zone.computed.pool),
      numberOfRecordSets: store.all().filter((one) => isRecordSet(one, zone)).length,
      zoneType: "Public",
    },
  }),
  project: (zone, context) => ({
    zones: [
      {
        id: zone.key,
        name: zone.name,
        private: false,
        pool: zone.computed.pool ?? azurePools[0],
        networkIds: [],
        records: projectRecords(zone, "public", context),
      },
    ],
  }),
  views: recordViews("public"),
  // Its record sets go with it.
  deleting: (zone, { store }) => {
    for (const record of store.all().filter((one) => isRecordSet(one, zone))) store.remove(record.id);
  },
};

export const dnsRecordSets = recordSets(dnsZones, "public");
