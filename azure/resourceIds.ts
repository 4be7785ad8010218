/** ARM's IDs of the types of resources that the program makes, by their inputs. Pure. */

const group = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}";
const network = `${group}/providers/Microsoft.Network`;
const account = `${group}/providers/Microsoft.Storage/storageAccounts/{accountName}`;

/** Paths by azure-native's type tokens; parameters are named as inputs. */
export const resourcePaths: Readonly<Record<string, string>> = {
  "azure-native:resources:ResourceGroup": group,
  "azure-native:network:VirtualNetwork": `${network}/virtualNetworks/{virtualNetworkName}`,
  "azure-native:network:Subnet": `${network}/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}`,
  "azure-native:network:VirtualNetworkPeering": `${network}/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings/{virtualNetworkPeeringName}`,
  "azure-native:network:NetworkSecurityGroup": `${network}/networkSecurityGroups/{networkSecurityGroupName}`,
  "azure-native:network:NatGateway": `${network}/natGateways/{natGatewayName}`,
  "azure-native:network:PublicIPAddress": `${network}/publicIPAddresses/{publicIpAddressName}`,
  "azure-native:network:LoadBalancer": `${network}/loadBalancers/{loadBalancerName}`,
  "azure-native:compute:VirtualMachineScaleSet": `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/{vmScaleSetName}`,
  "azure-native:managedidentity:UserAssignedIdentity": `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}`,
  "azure-native:authorization:RoleAssignment":
    "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
  "azure-native:keyvault:Vault": `${group}/providers/Microsoft.KeyVault/vaults/{vaultName}`,
  "azure-native:keyvault:Secret": `${group}/providers/Microsoft.KeyVault/vaults/{vaultName}/secrets/{secretName}`,
  "azure-native:storage:StorageAccount": account,
  "azure-native:storage:BlobServiceProperties": `${account}/blobServices/{blobServicesName}`,
  "azure-native:storage:ManagementPolicy": `${account}/managementPolicies/{managementPolicyName}`,
  "azure-native:storage:BlobContainer": `${account}/blobServices/default/containers/{containerName}`,
  "azure-native:monitor:AutoscaleSetting": `${group}/providers/Microsoft.Insights/autoscalesettings/{autoscaleSettingName}`,
  "azure-native:dns:Zone": `${network}/dnsZones/{zoneName}`,
  "azure-native:dns:RecordSet": `${network}/dnsZones/{zoneName}/{recordType}/{relativeRecordSetName}`,
  "azure-native:privatedns:PrivateZone": `${network}/privateDnsZones/{privateZoneName}`,
  "azure-native:privatedns:VirtualNetworkLink": `${network}/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}`,
  "azure-native:privatedns:PrivateRecordSet": `${network}/privateDnsZones/{privateZoneName}/{recordType}/{relativeRecordSetName}`,
};

/** The ID of a resource; undefined for a type that is not known, or where an input is missing. */
export function resourceId(
  type: string,
  inputs: Readonly<Record<string, unknown>>,
  subscriptionId: string,
): string | undefined {
  const values: Record<string, unknown> = { ...inputs, subscriptionId };
  const path = resourcePaths[type];
  const parts = path?.split("/").map((part) => {
    const parameter = /^\{(\w+)\}$/.exec(part)?.[1];
    return parameter === undefined ? part : values[parameter];
  });
  // A scope is an ID itself, and begins with a slash of its own.
  return parts?.every((part) => typeof part === "string") ? parts.join("/").replace(/^\/\//, "/") : undefined;
}
