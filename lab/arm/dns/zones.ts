/** Microsoft.Network/dnsZones */
import { z } from "zod";
import { choice, ignored, tracked } from "../schema.ts";
import type { ResourceType } from "../types.ts";
import { createApex, isRecordSet, recordSets, recordViews } from "./records.ts";

const type = "Microsoft.Network/dnsZones";

const body = z.strictObject({
  ...tracked,
  properties: z
    .strictObject({
      zoneType: choice("Public").optional(),
      registrationVirtualNetworks: ignored,
      resolutionVirtualNetworks: ignored,
      maxNumberOfRecordSets: ignored,
      maxNumberOfRecordsPerRecordSet: ignored,
      numberOfRecordSets: ignored,
      nameServers: ignored,
      signingKeys: ignored,
    })
    .default({}),
});

export type ZoneBody = z.infer<typeof body>;

export const zoneName = {
  pattern:
    /^(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/,
  rule: "A zone name has 2-34 labels of letters, digits, underscores and hyphens, separated by periods",
};

/** Azure gives four name servers of a pool; in the lab all of them are the one public DNS server. */
const nameServers = [
  "ns1-01.azure-dns.com.",
  "ns2-01.azure-dns.net.",
  "ns3-01.azure-dns.org.",
  "ns4-01.azure-dns.info.",
];

export const dnsZones: ResourceType<ZoneBody> = {
  type,
  dialect: "dns",
  location: "global",
  name: zoneName,
  schema: body,
  asynchronous: false,
  patch: "tags",
  applied: (zone, existing, _, context) => {
    if (!existing) createApex(zone, "public", nameServers, context);
  },
  render: (zone, { store }) => ({
    properties: {
      maxNumberOfRecordSets: 10000,
      maxNumberOfRecordsPerRecordSet: null,
      nameServers,
      numberOfRecordSets: store.all().filter((one) => isRecordSet(one, zone)).length,
      zoneType: "Public",
    },
  }),
  views: recordViews("public"),
  // Its record sets go with it.
  deleting: (zone, { store }) => {
    for (const record of store.all().filter((one) => isRecordSet(one, zone))) store.remove(record.id);
  },
};

export const dnsRecordSets = recordSets(type, "public");
