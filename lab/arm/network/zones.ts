/** Availability zones of addresses and front ends: those of their birth. */
import { badRequest } from "../errors.ts";

const text = (zones: readonly string[]): string => (zones.length === 0 ? "NoZone" : zones.join(", "));

/** `id` is the resource's, or the front end's. */
export function refuseOtherZones(id: string, given: readonly string[] = [], before: readonly string[] = []): void {
  if ([...given].sort().join() === [...before].sort().join()) return;
  throw badRequest(
    "ResourceAvailabilityZonesCannotBeModified",
    `Resource ${id} has an existing availability zone constraint ${text(before)} and the request has availability zone constraint ${text(given)}, which do not match. Zones cannot be added/updated/removed once the resource is created. The resource cannot be updated from regional to zonal or vice-versa.`,
  );
}
