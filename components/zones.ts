/** Availability zones of addresses. */

/**
 * Zones of a public address or of a load balancer's frontend: Azure takes one zone, or all three. With two the
 * address is left without zones, which Azure spreads over all of them where the region has them.
 */
export function frontendZones(zones: readonly string[]): string[] | undefined {
  return zones.length === 1 || zones.length === 3 ? [...zones] : undefined;
}

/** Zones of machines; undefined where the region has none. */
export function machineZones(zones: readonly string[]): string[] | undefined {
  return zones.length === 0 ? undefined : [...zones];
}
