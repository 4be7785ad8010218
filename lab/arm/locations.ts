/** Azure regions that the lab knows, by the name used in requests. */
const regions: Record<string, string> = {
  westeurope: "West Europe",
  northeurope: "North Europe",
  germanywestcentral: "Germany West Central",
  francecentral: "France Central",
  swedencentral: "Sweden Central",
  switzerlandnorth: "Switzerland North",
  norwayeast: "Norway East",
  polandcentral: "Poland Central",
  italynorth: "Italy North",
  spaincentral: "Spain Central",
  uksouth: "UK South",
  ukwest: "UK West",
  eastus: "East US",
  eastus2: "East US 2",
  centralus: "Central US",
  northcentralus: "North Central US",
  southcentralus: "South Central US",
  westus: "West US",
  westus2: "West US 2",
  westus3: "West US 3",
  canadacentral: "Canada Central",
  brazilsouth: "Brazil South",
  australiaeast: "Australia East",
  southeastasia: "Southeast Asia",
  eastasia: "East Asia",
  japaneast: "Japan East",
  koreacentral: "Korea Central",
  centralindia: "Central India",
};

export const locations = Object.entries(regions).map(([name, displayName]) => ({ name, displayName }));

const withoutZones = ["ukwest", "northcentralus", "westus"];

/** Availability zones of a region, by its name. */
export const zonesOf = (region: string): string[] => (withoutZones.includes(region) ? [] : ["1", "2", "3"]);

/** `West Europe` and `westeurope` are the same region. Undefined: no region of Azure's that the lab knows. */
export function regionName(location: string): string | undefined {
  const name = location.replaceAll(" ", "").toLowerCase();
  return name in regions ? name : undefined;
}
