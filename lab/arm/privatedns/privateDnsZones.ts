/** Microsoft.Network/privateDnsZones */
import { z } from "zod";
import { conflict } from "../errors.ts";
import { ignored, tracked } from "../schema.ts";
import type { Context, Resource, ResourceType } from "../types.ts";
import { zoneName } from "../dns/zones.ts";
import { createApex, isRecordSet, recordSets, recordViews } from "../dns/records.ts";
import { linkType, type LinkBody } from "./virtualNetworkLinks.ts";

const type = "Microsoft.Network/privateDnsZones";

const body = z.strictObject({
  ...tracked,
  properties: z
    .strictObject({
      maxNumberOfRecordSets: ignored,
      numberOfRecordSets: ignored,
      maxNumberOfVirtualNetworkLinks: ignored,
      numberOfVirtualNetworkLinks: ignored,
      maxNumberOfVirtualNetworkLinksWithRegistration: ignored,
      numberOfVirtualNetworkLinksWithRegistration: ignored,
      internalId: ignored,
      provisioningState: ignored,
    })
    .default({}),
});

export type PrivateZoneBody = z.infer<typeof body>;

const linksOf = (zone: Resource, { store }: Context): Resource<LinkBody>[] =>
  store.children<LinkBody>(zone.id, linkType);

export const privateDnsZones: ResourceType<PrivateZoneBody> = {
  type,
  dialect: "dns",
  location: "global",
  name: zoneName,
  schema: body,
  asynchronous: true,
  patch: "tags",
  applied: (zone, existing, _, context) => {
    if (!existing) createApex(zone, "private", [], context);
  },
  render: (zone, context) => ({
    properties: {
      maxNumberOfRecordSets: 25000,
      numberOfRecordSets: context.store.all().filter((one) => isRecordSet(one, zone)).length,
      maxNumberOfVirtualNetworkLinks: 1000,
      numberOfVirtualNetworkLinks: linksOf(zone, context).length,
      maxNumberOfVirtualNetworkLinksWithRegistration: 100,
      numberOfVirtualNetworkLinksWithRegistration: linksOf(zone, context).filter(
        (link) => link.body.properties.registrationEnabled,
      ).length,
      internalId: zone.guid,
      provisioningState: zone.state,
    },
  }),
  views: recordViews("private"),
  refuseDelete: (zone, context) => {
    const [link] = linksOf(zone, context);
    if (!link) return;
    throw conflict(
      "CannotDeleteResource",
      `Can not delete resource before nested resources are deleted: ${zone.id} is linked to a virtual network by ${link.id}.`,
    );
  },
  deleting: (zone, { store }) => {
    for (const record of store.all().filter((one) => isRecordSet(one, zone))) store.remove(record.id);
  },
};

export const privateRecordSets = recordSets(type, "private");
