/** Microsoft.Network/privateDnsZones */
import type { DnsZone } from "../../world.ts";
import { projectMachine } from "../compute/machineProjection.ts";
import type { MachineBody } from "../compute/machineSchema.ts";
import type { StoreContext } from "../context.ts";
import { isRecordSet, recordViews } from "../dns/recordView.ts";
import { createApex, projectRecords, recordSets } from "../dns/records.ts";
import { zoneName, zoneTags } from "../dns/zones.ts";
import { conflict } from "../errors.ts";
import { keyOf } from "../ids.ts";
import { isLive, isStanding, type Resource } from "../resource.ts";
import type { Projection, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import type { LinkBody } from "./linkSchema.ts";
import { privateDnsType } from "./privateDnsType.ts";
import { privateZoneBody, type PrivateZoneBody } from "./privateZoneSchema.ts";

const linksOf = (zone: Resource, { store }: StoreContext): Resource<LinkBody>[] =>
  store.children<LinkBody>(zone.id, types.privateDnsLink);

function project(zone: Resource, context: StoreContext): Projection {
  const links = linksOf(zone, context).filter(isLive);
  const records = projectRecords(zone, "private", context);
  const registering = links.filter((link) => link.body.properties.registrationEnabled);
  const registered = registering.flatMap((link) => registrations(networkKeyOf(link), context));
  const taken = new Set(records.map((record) => record.name.toLowerCase()));
  const planned = {
    id: zone.key,
    name: zone.name,
    private: true,
    networkIds: links.map(networkKeyOf),
    records: [...records, ...registered.filter((record) => !taken.has(record.name))],
  };
  return { zones: [planned] };
}

const networkKeyOf = (link: Resource<LinkBody>): string => keyOf(link.body.properties.virtualNetwork.id);

/** Host names of a network's machines, in a zone that is linked with registration. */
const registrations = (networkId: string, context: StoreContext): DnsZone["records"] =>
  context.store
    .ofType<MachineBody>(types.machine)
    .filter(isStanding)
    .flatMap((machine) => projectMachine(machine, context))
    .filter((machine) => machine.networkId === networkId)
    .map(({ hostName, address }) => ({ name: hostName.toLowerCase(), type: "A", ttl: 10, values: [address] }));

export const privateDnsZones: ResourceType<PrivateZoneBody> = {
  ...privateDnsType,
  type: types.privateDnsZone,
  name: zoneName,
  tags: zoneTags,
  schema: privateZoneBody,
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
  project,
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

export const privateRecordSets = recordSets(privateDnsZones, "private");
