/** Names of Microsoft.Network resources: 1-80 characters, the same for nearly all types. */
export const networkName = {
  pattern: /^[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?$/,
  rule: "The name must begin with a letter or number, end with a letter, number or underscore, and may contain only letters, numbers, underscores, periods, or hyphens; 80 characters at most",
};

/** IDs of types that refer to each other. */
export const types = {
  virtualNetwork: "Microsoft.Network/virtualNetworks",
  subnet: "Microsoft.Network/virtualNetworks/subnets",
  peering: "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
  securityGroup: "Microsoft.Network/networkSecurityGroups",
  securityRule: "Microsoft.Network/networkSecurityGroups/securityRules",
  natGateway: "Microsoft.Network/natGateways",
  publicAddress: "Microsoft.Network/publicIPAddresses",
  loadBalancer: "Microsoft.Network/loadBalancers",
  networkInterface: "Microsoft.Network/networkInterfaces",
  scaleSet: "Microsoft.Compute/virtualMachineScaleSets",
  machine: "Microsoft.Compute/virtualMachines",
} as const;
