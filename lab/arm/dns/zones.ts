/** Microsoft.Network/dnsZones */
import type { ResourceType } from "../resourceType.ts";
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

/** Azure gives four name servers of a pool; in the lab all of them are the one public DNS server. */
const nameServers = [
  "ns1-01.azure-dns.com.",
  "ns2-01.azure-dns.net.",
  "ns3-01.azure-dns.org.",
  "ns4-01.azure-dns.info.",
];

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
  applied: (zone, existing, _, context) => {
    if (!existing) createApex(zone, "public", nameServers, context);
  },
  render: (zone, { store }) => ({
    ...spelledHead(zone),
    properties: {
      maxNumberOfRecordSets: 10000,
      maxNumberOfRecordsPerRecordSet: null,
      nameServers,
      numberOfRecordSets: store.all().filter((one) => isRecordSet(one, zone)).length,
      zoneType: "Public",
    },
  }),
  project: (zone, context) => ({
    zones: [{ id: zone.key, name: zone.name, private: false, networkIds: [], records: projectRecords(zone, context) }],
  }),
  views: recordViews("public"),
  // Its record sets go with it.
  deleting: (zone, { store }) => {
    for (const record of store.all().filter((one) => isRecordSet(one, zone))) store.remove(record.id);
  },
};

export const dnsRecordSets = recordSets(dnsZones, "public");
