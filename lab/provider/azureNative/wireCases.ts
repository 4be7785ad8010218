/** For tests: each resource type as a program writes it and as the REST API has it. */
import type { Properties } from "../plugin/values.ts";

const group = "/subscriptions/sub/resourceGroups/rg";
const network = `${group}/providers/Microsoft.Network`;

export interface Case {
  type: string;
  inputs: Properties;
  path: string;
  apiVersion: string;
  body: object;
  outputs?: object;
}

export const cases: Case[] = [
  {
    type: "resources:ResourceGroup",
    inputs: { resourceGroupName: "rg", location: "westeurope", tags: { environment: "dev" } },
    path: group,
    apiVersion: "2024-03-01",
    body: { location: "westeurope", tags: { environment: "dev" } },
    outputs: { properties: { provisioningState: "Succeeded" } },
  },
  {
    type: "network:VirtualNetwork",
    inputs: {
      resourceGroupName: "rg",
      virtualNetworkName: "vnet",
      location: "westeurope",
      addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
    },
    path: `${network}/virtualNetworks/vnet`,
    apiVersion: "2024-05-01",
    body: { location: "westeurope", properties: { addressSpace: { addressPrefixes: ["10.20.0.0/16"] } } },
    outputs: { addressSpace: { addressPrefixes: ["10.20.0.0/16"] }, provisioningState: "Succeeded" },
  },
  {
    type: "network:Subnet",
    inputs: {
      resourceGroupName: "rg",
      virtualNetworkName: "vnet",
      subnetName: "snet",
      addressPrefix: "10.20.1.0/24",
      defaultOutboundAccess: false,
      networkSecurityGroup: { id: `${network}/networkSecurityGroups/nsg` },
      natGateway: { id: `${network}/natGateways/ng` },
      privateEndpointNetworkPolicies: "Disabled",
      privateLinkServiceNetworkPolicies: "Enabled",
    },
    path: `${network}/virtualNetworks/vnet/subnets/snet`,
    apiVersion: "2024-05-01",
    body: {
      properties: {
        addressPrefix: "10.20.1.0/24",
        defaultOutboundAccess: false,
        networkSecurityGroup: { id: `${network}/networkSecurityGroups/nsg` },
        natGateway: { id: `${network}/natGateways/ng` },
        privateEndpointNetworkPolicies: "Disabled",
        privateLinkServiceNetworkPolicies: "Enabled",
      },
    },
    outputs: { addressPrefix: "10.20.1.0/24", defaultOutboundAccess: false },
  },
  {
    type: "network:NetworkSecurityGroup",
    inputs: {
      resourceGroupName: "rg",
      networkSecurityGroupName: "nsg",
      location: "westeurope",
      securityRules: [
        {
          name: "ssh",
          priority: 100,
          direction: "Inbound",
          access: "Allow",
          protocol: "Tcp",
          sourceAddressPrefixes: ["10.20.0.0/24"],
          sourcePortRange: "*",
          destinationAddressPrefix: "*",
          destinationPortRanges: ["22", "8999"],
        },
      ],
    },
    path: `${network}/networkSecurityGroups/nsg`,
    apiVersion: "2024-05-01",
    body: {
      location: "westeurope",
      properties: {
        securityRules: [
          {
            name: "ssh",
            properties: {
              priority: 100,
              direction: "Inbound",
              access: "Allow",
              protocol: "Tcp",
              sourceAddressPrefixes: ["10.20.0.0/24"],
              sourcePortRange: "*",
              destinationAddressPrefix: "*",
              destinationPortRanges: ["22", "8999"],
            },
          },
        ],
      },
    },
    outputs: { securityRules: [{ name: "ssh", priority: 100 }] },
  },
  {
    type: "network:SecurityRule",
    inputs: {
      resourceGroupName: "rg",
      networkSecurityGroupName: "nsg",
      securityRuleName: "deny",
      priority: 4096,
      direction: "Inbound",
      access: "Deny",
      protocol: "*",
      sourceAddressPrefix: "*",
      sourcePortRange: "*",
      destinationAddressPrefix: "*",
      destinationPortRange: "*",
    },
    path: `${network}/networkSecurityGroups/nsg/securityRules/deny`,
    apiVersion: "2024-05-01",
    body: {
      properties: {
        priority: 4096,
        direction: "Inbound",
        access: "Deny",
        protocol: "*",
        sourceAddressPrefix: "*",
        sourcePortRange: "*",
        destinationAddressPrefix: "*",
        destinationPortRange: "*",
      },
    },
  },
  {
    type: "network:NatGateway",
    inputs: {
      resourceGroupName: "rg",
      natGatewayName: "ng",
      location: "westeurope",
      sku: { name: "Standard" },
      zones: ["1"],
      publicIpAddresses: [{ id: `${network}/publicIPAddresses/pip` }],
    },
    path: `${network}/natGateways/ng`,
    apiVersion: "2024-05-01",
    body: {
      location: "westeurope",
      sku: { name: "Standard" },
      zones: ["1"],
      properties: { publicIpAddresses: [{ id: `${network}/publicIPAddresses/pip` }] },
    },
  },
  {
    type: "network:PublicIPAddress",
    inputs: {
      resourceGroupName: "rg",
      publicIpAddressName: "pip",
      location: "westeurope",
      sku: { name: "Standard", tier: "Regional" },
      zones: ["1", "2", "3"],
      publicIPAllocationMethod: "Static",
      publicIPAddressVersion: "IPv4",
    },
    path: `${network}/publicIPAddresses/pip`,
    apiVersion: "2024-05-01",
    body: {
      location: "westeurope",
      sku: { name: "Standard", tier: "Regional" },
      zones: ["1", "2", "3"],
      properties: { publicIPAllocationMethod: "Static", publicIPAddressVersion: "IPv4" },
    },
    outputs: { publicIPAllocationMethod: "Static" },
  },
  {
    type: "network:LoadBalancer",
    inputs: {
      resourceGroupName: "rg",
      loadBalancerName: "lbi",
      location: "westeurope",
      sku: { name: "Standard" },
      frontendIPConfigurations: [
        {
          name: "frontend",
          privateIPAddress: "10.20.1.254",
          privateIPAllocationMethod: "Static",
          zones: ["1", "2", "3"],
          subnet: { id: `${network}/virtualNetworks/vnet/subnets/snet` },
        },
      ],
      backendAddressPools: [{ name: "members" }],
      probes: [
        {
          name: "health",
          protocol: "Http",
          port: 8999,
          requestPath: "/health",
          intervalInSeconds: 5,
          probeThreshold: 2,
        },
      ],
      loadBalancingRules: [
        {
          name: "tier",
          protocol: "Tcp",
          frontendPort: 3000,
          backendPort: 3000,
          loadDistribution: "Default",
          disableOutboundSnat: true,
          frontendIPConfiguration: { id: "f" },
          backendAddressPool: { id: "b" },
          probe: { id: "p" },
        },
      ],
    },
    path: `${network}/loadBalancers/lbi`,
    apiVersion: "2024-05-01",
    body: {
      location: "westeurope",
      sku: { name: "Standard" },
      properties: {
        frontendIPConfigurations: [
          {
            name: "frontend",
            zones: ["1", "2", "3"],
            properties: {
              privateIPAddress: "10.20.1.254",
              privateIPAllocationMethod: "Static",
              subnet: { id: `${network}/virtualNetworks/vnet/subnets/snet` },
            },
          },
        ],
        backendAddressPools: [{ name: "members" }],
        probes: [
          {
            name: "health",
            properties: {
              protocol: "Http",
              port: 8999,
              requestPath: "/health",
              intervalInSeconds: 5,
              probeThreshold: 2,
            },
          },
        ],
        loadBalancingRules: [
          {
            name: "tier",
            properties: {
              protocol: "Tcp",
              frontendPort: 3000,
              backendPort: 3000,
              loadDistribution: "Default",
              disableOutboundSnat: true,
              frontendIPConfiguration: { id: "f" },
              backendAddressPool: { id: "b" },
              probe: { id: "p" },
            },
          },
        ],
      },
    },
    outputs: { frontendIPConfigurations: [{ name: "frontend", privateIPAddress: "10.20.1.254" }] },
  },
  {
    type: "network:VirtualNetworkPeering",
    inputs: {
      resourceGroupName: "rg",
      virtualNetworkName: "vnet",
      virtualNetworkPeeringName: "to-tools",
      allowVirtualNetworkAccess: true,
      remoteVirtualNetwork: { id: `${network}/virtualNetworks/other` },
    },
    path: `${network}/virtualNetworks/vnet/virtualNetworkPeerings/to-tools`,
    apiVersion: "2024-05-01",
    body: {
      properties: { allowVirtualNetworkAccess: true, remoteVirtualNetwork: { id: `${network}/virtualNetworks/other` } },
    },
  },
  {
    type: "compute:VirtualMachineScaleSet",
    inputs: {
      resourceGroupName: "rg",
      vmScaleSetName: "vmss",
      location: "westeurope",
      orchestrationMode: "Flexible",
      platformFaultDomainCount: 1,
      zones: ["1", "2", "3"],
      sku: { name: "Standard_B2s", capacity: 2 },
      automaticRepairsPolicy: { enabled: true, gracePeriod: "PT10M", repairAction: "Replace" },
      identity: { type: "SystemAssigned" },
      virtualMachineProfile: {
        osProfile: {
          computerNamePrefix: "front",
          adminUsername: "platform",
          customData: "I2Nsb3VkLWNvbmZpZw==",
          linuxConfiguration: {
            disablePasswordAuthentication: true,
            ssh: { publicKeys: [{ path: "/home/platform/.ssh/authorized_keys", keyData: "ssh-ed25519 A" }] },
          },
        },
        storageProfile: {
          imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
          osDisk: { createOption: "FromImage", managedDisk: { storageAccountType: "StandardSSD_LRS" } },
        },
        networkProfile: {
          networkApiVersion: "2022-11-01",
          networkInterfaceConfigurations: [
            {
              name: "nic",
              primary: true,
              deleteOption: "Delete",
              ipConfigurations: [
                { name: "ip", primary: true, subnet: { id: "s" }, loadBalancerBackendAddressPools: [{ id: "b" }] },
              ],
            },
          ],
        },
        diagnosticsProfile: { bootDiagnostics: { enabled: true } },
        extensionProfile: {
          extensions: [
            {
              name: "health",
              publisher: "Microsoft.ManagedServices",
              type: "ApplicationHealthLinux",
              typeHandlerVersion: "2.0",
              autoUpgradeMinorVersion: true,
              settings: { protocol: "http", port: 8999, requestPath: "/health", type: "kept" },
              protectedSettings: { commandToExecute: "secret" },
            },
          ],
        },
      },
    },
    path: `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss`,
    apiVersion: "2024-11-01",
    body: {
      location: "westeurope",
      zones: ["1", "2", "3"],
      sku: { name: "Standard_B2s", capacity: 2 },
      identity: { type: "SystemAssigned" },
      properties: {
        orchestrationMode: "Flexible",
        platformFaultDomainCount: 1,
        automaticRepairsPolicy: { enabled: true, gracePeriod: "PT10M", repairAction: "Replace" },
        virtualMachineProfile: {
          osProfile: {
            computerNamePrefix: "front",
            adminUsername: "platform",
            customData: "I2Nsb3VkLWNvbmZpZw==",
            linuxConfiguration: {
              disablePasswordAuthentication: true,
              ssh: { publicKeys: [{ path: "/home/platform/.ssh/authorized_keys", keyData: "ssh-ed25519 A" }] },
            },
          },
          storageProfile: {
            imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
            osDisk: { createOption: "FromImage", managedDisk: { storageAccountType: "StandardSSD_LRS" } },
          },
          networkProfile: {
            networkApiVersion: "2022-11-01",
            networkInterfaceConfigurations: [
              {
                name: "nic",
                properties: {
                  primary: true,
                  deleteOption: "Delete",
                  ipConfigurations: [
                    {
                      name: "ip",
                      properties: {
                        primary: true,
                        subnet: { id: "s" },
                        loadBalancerBackendAddressPools: [{ id: "b" }],
                      },
                    },
                  ],
                },
              },
            ],
          },
          diagnosticsProfile: { bootDiagnostics: { enabled: true } },
          extensionProfile: {
            extensions: [
              {
                name: "health",
                properties: {
                  publisher: "Microsoft.ManagedServices",
                  type: "ApplicationHealthLinux",
                  typeHandlerVersion: "2.0",
                  autoUpgradeMinorVersion: true,
                  settings: { protocol: "http", port: 8999, requestPath: "/health", type: "kept" },
                  protectedSettings: { commandToExecute: "secret" },
                },
              },
            ],
          },
        },
      },
    },
    outputs: {
      identity: { type: "SystemAssigned" },
      virtualMachineProfile: { extensionProfile: { extensions: [{ type: "ApplicationHealthLinux" }] } },
    },
  },
  {
    type: "monitor:AutoscaleSetting",
    inputs: {
      resourceGroupName: "rg",
      autoscaleSettingName: "as",
      name: "inner",
      location: "westeurope",
      enabled: true,
      targetResourceUri: "vmss",
      profiles: [
        {
          name: "cpu",
          capacity: { minimum: "2", maximum: "4", default: "2" },
          fixedDate: { start: "2027-01-01T00:00:00.000Z", end: "2027-02-01T00:00:00.000Z" },
          rules: [
            {
              metricTrigger: {
                metricName: "Percentage CPU",
                metricResourceUri: "vmss",
                timeGrain: "PT1M",
                statistic: "Average",
                timeWindow: "PT5M",
                timeAggregation: "Average",
                operator: "GreaterThan",
                threshold: 75,
                dimensions: [{ dimensionName: "VMName", operator: "Equals", values: ["a"] }],
              },
              scaleAction: { direction: "Increase", type: "ChangeCount", value: "1", cooldown: "PT5M" },
            },
          ],
        },
      ],
    },
    path: `${group}/providers/Microsoft.Insights/autoscalesettings/as`,
    apiVersion: "2021-05-01-preview",
    body: {
      location: "westeurope",
      properties: {
        name: "inner",
        enabled: true,
        targetResourceUri: "vmss",
        profiles: [
          {
            name: "cpu",
            capacity: { minimum: "2", maximum: "4", default: "2" },
            fixedDate: { start: "2027-01-01T00:00:00.000Z", end: "2027-02-01T00:00:00.000Z" },
            rules: [
              {
                metricTrigger: {
                  metricName: "Percentage CPU",
                  metricResourceUri: "vmss",
                  timeGrain: "PT1M",
                  statistic: "Average",
                  timeWindow: "PT5M",
                  timeAggregation: "Average",
                  operator: "GreaterThan",
                  threshold: 75,
                  dimensions: [{ DimensionName: "VMName", Operator: "Equals", Values: ["a"] }],
                },
                scaleAction: { direction: "Increase", type: "ChangeCount", value: "1", cooldown: "PT5M" },
              },
            ],
          },
        ],
      },
    },
    outputs: {
      name: "as",
      properties: {
        name: "inner",
        profiles: [{ name: "cpu", rules: [{ metricTrigger: { dimensions: [{ dimensionName: "VMName" }] } }] }],
      },
    },
  },
  {
    type: "dns:Zone",
    inputs: { resourceGroupName: "rg", zoneName: "dev.chatbot.example", location: "global", zoneType: "Public" },
    path: `${network}/dnsZones/dev.chatbot.example`,
    apiVersion: "2023-07-01-preview",
    body: { location: "global", properties: { zoneType: "Public" } },
    outputs: { zoneType: "Public" },
  },
  {
    type: "dns:RecordSet",
    inputs: {
      resourceGroupName: "rg",
      zoneName: "dev.chatbot.example",
      recordType: "A",
      relativeRecordSetName: "www",
      ttl: 300,
      aRecords: [{ ipv4Address: "198.51.100.32" }],
    },
    path: `${network}/dnsZones/dev.chatbot.example/A/www`,
    apiVersion: "2023-07-01-preview",
    body: { properties: { TTL: 300, ARecords: [{ ipv4Address: "198.51.100.32" }] } },
    outputs: { ttl: 300, aRecords: [{ ipv4Address: "198.51.100.32" }] },
  },
  {
    type: "privatedns:PrivateZone",
    inputs: { resourceGroupName: "rg", privateZoneName: "dev.chatbot.internal", location: "global" },
    path: `${network}/privateDnsZones/dev.chatbot.internal`,
    apiVersion: "2024-06-01",
    body: { location: "global" },
  },
  {
    type: "privatedns:VirtualNetworkLink",
    inputs: {
      resourceGroupName: "rg",
      privateZoneName: "dev.chatbot.internal",
      virtualNetworkLinkName: "vnet",
      location: "global",
      registrationEnabled: false,
      virtualNetwork: { id: `${network}/virtualNetworks/vnet` },
    },
    path: `${network}/privateDnsZones/dev.chatbot.internal/virtualNetworkLinks/vnet`,
    apiVersion: "2024-06-01",
    body: {
      location: "global",
      properties: { registrationEnabled: false, virtualNetwork: { id: `${network}/virtualNetworks/vnet` } },
    },
  },
  {
    type: "privatedns:PrivateRecordSet",
    inputs: {
      resourceGroupName: "rg",
      privateZoneName: "dev.chatbot.internal",
      recordType: "A",
      relativeRecordSetName: "back",
      ttl: 60,
      aRecords: [{ ipv4Address: "10.20.2.254" }],
    },
    path: `${network}/privateDnsZones/dev.chatbot.internal/A/back`,
    apiVersion: "2024-06-01",
    body: { properties: { ttl: 60, aRecords: [{ ipv4Address: "10.20.2.254" }] } },
    outputs: { ttl: 60, aRecords: [{ ipv4Address: "10.20.2.254" }] },
  },
];
