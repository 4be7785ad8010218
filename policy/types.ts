/** Types of Azure that the rules know. */
export const types = {
  resourceGroup: "azure-native:resources:ResourceGroup",
  virtualNetwork: "azure-native:network:VirtualNetwork",
  peering: "azure-native:network:VirtualNetworkPeering",
  subnet: "azure-native:network:Subnet",
  securityGroup: "azure-native:network:NetworkSecurityGroup",
  natGateway: "azure-native:network:NatGateway",
  publicAddress: "azure-native:network:PublicIPAddress",
  loadBalancer: "azure-native:network:LoadBalancer",
  scaleSet: "azure-native:compute:VirtualMachineScaleSet",
  autoscale: "azure-native:monitor:AutoscaleSetting",
  identity: "azure-native:managedidentity:UserAssignedIdentity",
  roleAssignment: "azure-native:authorization:RoleAssignment",
  vault: "azure-native:keyvault:Vault",
  secret: "azure-native:keyvault:Secret",
  storageAccount: "azure-native:storage:StorageAccount",
  blobService: "azure-native:storage:BlobServiceProperties",
  managementPolicy: "azure-native:storage:ManagementPolicy",
  blobContainer: "azure-native:storage:BlobContainer",
  zone: "azure-native:dns:Zone",
  record: "azure-native:dns:RecordSet",
  privateZone: "azure-native:privatedns:PrivateZone",
  privateRecord: "azure-native:privatedns:PrivateRecordSet",
  networkLink: "azure-native:privatedns:VirtualNetworkLink",
} as const;

/** Types of others: what runs Ansible. A provider of somebody else's would make things at Azure that no rule sees. */
export const otherTypes = ["command:local:Command"];
