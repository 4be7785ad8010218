/** All resource types. */
import { customRoles } from "./access/customRoles.ts";
import { roleAssignments } from "./access/roleAssignments.ts";
import { virtualMachineScaleSets } from "./compute/virtualMachineScaleSets.ts";
import { virtualMachines } from "./compute/virtualMachines.ts";
import { dnsRecordSets, dnsZones } from "./dns/zones.ts";
import { vaultKeys } from "./keyvault/keys.ts";
import { vaultSecrets } from "./keyvault/secrets.ts";
import { vaults } from "./keyvault/vaults.ts";
import { autoscaleSettings } from "./monitor/autoscaleSettings.ts";
import { federatedCredentials } from "./managedidentity/federatedCredentials.ts";
import { userAssignedIdentities } from "./managedidentity/userAssignedIdentities.ts";
import { loadBalancers } from "./network/loadBalancers.ts";
import { natGateways } from "./network/natGateways.ts";
import { networkInterfaces } from "./network/networkInterfaces.ts";
import { networkSecurityGroups } from "./network/networkSecurityGroups.ts";
import { peerings } from "./network/peerings.ts";
import { publicIPAddresses } from "./network/publicIPAddresses.ts";
import { securityRules } from "./network/securityRules.ts";
import { subnets } from "./network/subnets.ts";
import { virtualNetworks } from "./network/virtualNetworks.ts";
import { privateDnsZones, privateRecordSets } from "./privatedns/privateDnsZones.ts";
import { virtualNetworkLinks } from "./privatedns/virtualNetworkLinks.ts";
import type { ResourceType } from "./resourceType.ts";
import { resourceGroups } from "./resources/resourceGroups.ts";
import { storageAccounts } from "./storage/accounts.ts";
import { blobServices } from "./storage/blobServices.ts";
import { containers } from "./storage/containers.ts";
import { managementPolicies } from "./storage/managementPolicies.ts";

const all = [
  resourceGroups,
  virtualNetworks,
  subnets,
  peerings,
  networkSecurityGroups,
  securityRules,
  natGateways,
  publicIPAddresses,
  loadBalancers,
  networkInterfaces,
  dnsZones,
  ...dnsRecordSets,
  privateDnsZones,
  ...privateRecordSets,
  virtualNetworkLinks,
  vaults,
  vaultSecrets,
  vaultKeys,
  storageAccounts,
  blobServices,
  containers,
  managementPolicies,
  virtualMachineScaleSets,
  virtualMachines,
  autoscaleSettings,
  userAssignedIdentities,
  federatedCredentials,
  roleAssignments,
  customRoles,
] as unknown as ResourceType[];

const byName = new Map(all.map((type) => [type.type.toLowerCase(), type]));

/** `name` as in `Microsoft.Network/virtualNetworks/subnets`, in any letter case. */
export const typeNamed = (name: string): ResourceType | undefined => byName.get(name.toLowerCase());

export const resourceTypes: readonly ResourceType[] = all;

/** `Microsoft.Compute` and so on. */
export const namespaces = [...new Set(all.map(({ type }) => type.slice(0, type.indexOf("/"))))].sort();
