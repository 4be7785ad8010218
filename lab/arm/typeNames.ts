/** Names of the resource types that others refer to. */
export const types = {
  resourceGroup: "Microsoft.Resources/resourceGroups",
  virtualNetwork: "Microsoft.Network/virtualNetworks",
  subnet: "Microsoft.Network/virtualNetworks/subnets",
  peering: "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
  securityGroup: "Microsoft.Network/networkSecurityGroups",
  securityRule: "Microsoft.Network/networkSecurityGroups/securityRules",
  natGateway: "Microsoft.Network/natGateways",
  publicAddress: "Microsoft.Network/publicIPAddresses",
  loadBalancer: "Microsoft.Network/loadBalancers",
  networkInterface: "Microsoft.Network/networkInterfaces",
  dnsZone: "Microsoft.Network/dnsZones",
  privateDnsZone: "Microsoft.Network/privateDnsZones",
  privateDnsLink: "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
  scaleSet: "Microsoft.Compute/virtualMachineScaleSets",
  machine: "Microsoft.Compute/virtualMachines",
  autoscaleSetting: "Microsoft.Insights/autoscaleSettings",
} as const;
