/** What sizes a region has, and what this subscription may not have of them. */
import type { Context } from "../context.ts";
import { limitsOf, restrictedZones } from "../limits.ts";
import { locations, regionName, zonesOf } from "../locations.ts";
import { sizes, type Size } from "./sizes.ts";

/** That of the client's `$filter`; undefined: every region. A filter of anything else is ignored. */
const filteredRegion = (query: URLSearchParams): string | undefined => {
  const given = /^\s*location\s+eq\s+'([^']*)'\s*$/i.exec(query.get("$filter") ?? "")?.[1];
  return given === undefined ? undefined : (regionName(given) ?? given);
};

/** Machines' sizes and disks' types, each region's by themselves. */
export function listSkus(query: URLSearchParams, context: Context): object {
  const region = filteredRegion(query);
  const regions = locations.map(({ name }) => name).filter((name) => region === undefined || name === region);
  return { value: regions.flatMap((name) => [...disks(name), ...sizes.map((size) => renderSku(size, name, context))]) };
}

/** Clients must tell them from sizes by their `resourceType`. */
const disks = (region: string): object[] =>
  ["Standard_LRS", "StandardSSD_LRS", "Premium_LRS"].map((name) => ({
    resourceType: "disks",
    name,
    tier: name.slice(0, name.indexOf("_")),
    locations: [region],
    locationInfo: [{ location: region, zones: zonesOf(region), zoneDetails: [] }],
    capabilities: [],
    restrictions: [],
  }));

const renderSku = (size: Size, region: string, { store }: Context): object => ({
  resourceType: "virtualMachines",
  name: size.name,
  tier: "Standard",
  size: size.name.replace(/^Standard_/, ""),
  family: size.family,
  locations: [region],
  locationInfo: [{ location: region, zones: zonesOf(region), zoneDetails: [] }],
  capabilities: Object.entries(capabilitiesOf(size)).map(([name, value]) => ({ name, value })),
  restrictions: restrictionsOf(region, restrictedZones(limitsOf(store), region, size.name)),
});

const flag = (value: boolean): string => (value ? "True" : "False");

const capabilitiesOf = (size: Size): Record<string, string> => ({
  MaxResourceVolumeMB: String(size.temporary),
  OSVhdSizeMB: "1047552",
  vCPUs: String(size.cpus),
  HyperVGenerations: size.generations,
  MemoryGB: String(size.memory / 1024),
  MaxDataDiskCount: String(dataDisksOf(size)),
  CpuArchitectureType: "x64",
  PremiumIO: "True",
  vCPUsAvailable: String(size.cpus),
  EncryptionAtHostSupported: flag(size.encryptionAtHost),
  AcceleratedNetworkingEnabled: flag(size.acceleratedNetworking),
  DiskControllerTypes: size.diskControllers,
});

/** A size that a region cannot have is restricted in the region, and in its zones. */
function restrictionsOf(region: string, restricted: "all" | string[]): object[] {
  const zones = restricted === "all" ? zonesOf(region) : restricted;
  const restriction = (type: "Location" | "Zone", restrictionInfo: object): object => ({
    type,
    values: [region],
    restrictionInfo,
    reasonCode: "NotAvailableForSubscription",
  });
  return [
    ...(restricted === "all" ? [restriction("Location", { locations: [region] })] : []),
    ...(zones.length > 0 ? [restriction("Zone", { locations: [region], zones })] : []),
  ];
}

const dataDisksOf = ({ cpus }: Size): number => Math.min(32, cpus * 2);

/** The older list of sizes, which knows no restrictions. */
export const listSizes = (): object => ({
  value: sizes.map((size) => ({
    name: size.name,
    numberOfCores: size.cpus,
    osDiskSizeInMB: 1_047_552,
    resourceDiskSizeInMB: size.temporary,
    memoryInMB: size.memory,
    maxDataDiskCount: dataDisksOf(size),
  })),
});
