/** Each resource type as the REST API has it. What a program writes differs by a rule: see `flat`. */
import { isObject, type Properties, type Value } from "../../plugin/values.ts";

const group = "/subscriptions/sub/resourceGroups/rg";
const network = `${group}/providers/Microsoft.Network`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/kv`;
const account = `${group}/providers/Microsoft.Storage/storageAccounts/st`;

export interface Case {
  type: string;
  /** Inputs that are in the path, and not in the body. */
  names: Properties;
  path: string;
  apiVersion: string;
  body: Properties;
  /** Outputs besides those of the body. */
  outputs?: object;
  /** What stands under the resource's own `properties` stays there. */
  together?: true;
  /** Names that azure-native spells in another way in this type. */
  spellings?: Record<string, string>;
}

/** Names that azure-native spells in another way than the REST API. */
const spellings: Record<string, string> = {
  TTL: "ttl",
  ARecords: "aRecords",
  DimensionName: "dimensionName",
  Operator: "operator",
  Values: "values",
};

/** As azure-native has it: what stands under `properties` of a resource or one of its parts stands beside it. */
export function flat(value: Value, own: Record<string, string> = {}): Value {
  if (Array.isArray(value)) return value.map((item) => flat(item, own));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      name === "properties"
        ? Object.entries(flat(item, own) as Properties)
        : [[own[name] ?? spellings[name] ?? name, flat(item, own)]],
    ),
  );
}

/** The inputs of a program. */
export function inputsOf({ names, body, together, spellings: own }: Case): Properties {
  return { ...names, ...(together ? body : (flat(body, own) as Properties)) };
}

export const cases: Case[] = [
  {
    type: "resources:ResourceGroup",
    names: { resourceGroupName: "rg" },
    path: group,
    apiVersion: "2024-03-01",
    body: { location: "westeurope", tags: { environment: "dev" } },
    outputs: { properties: { provisioningState: "Succeeded" } },
  },
  {
    type: "network:VirtualNetwork",
    names: { resourceGroupName: "rg", virtualNetworkName: "vnet" },
    path: `${network}/virtualNetworks/vnet`,
    apiVersion: "2024-05-01",
    body: { location: "westeurope", properties: { addressSpace: { addressPrefixes: ["10.20.0.0/16"] } } },
    outputs: { provisioningState: "Succeeded" },
  },
  {
    type: "network:Subnet",
    names: { resourceGroupName: "rg", virtualNetworkName: "vnet", subnetName: "snet" },
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
        serviceEndpoints: [{ service: "Microsoft.KeyVault" }],
      },
    },
  },
  {
    type: "network:NetworkSecurityGroup",
    names: { resourceGroupName: "rg", networkSecurityGroupName: "nsg" },
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
  },
  {
    type: "network:SecurityRule",
    names: { resourceGroupName: "rg", networkSecurityGroupName: "nsg", securityRuleName: "deny" },
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
    names: { resourceGroupName: "rg", natGatewayName: "ng" },
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
    names: { resourceGroupName: "rg", publicIpAddressName: "pip" },
    path: `${network}/publicIPAddresses/pip`,
    apiVersion: "2024-05-01",
    body: {
      location: "westeurope",
      sku: { name: "Standard", tier: "Regional" },
      zones: ["1", "2", "3"],
      properties: { publicIPAllocationMethod: "Static", publicIPAddressVersion: "IPv4" },
    },
  },
  {
    type: "network:LoadBalancer",
    names: { resourceGroupName: "rg", loadBalancerName: "lbi" },
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
  },
  {
    type: "network:VirtualNetworkPeering",
    names: { resourceGroupName: "rg", virtualNetworkName: "vnet", virtualNetworkPeeringName: "to-tools" },
    path: `${network}/virtualNetworks/vnet/virtualNetworkPeerings/to-tools`,
    apiVersion: "2024-05-01",
    body: {
      properties: { allowVirtualNetworkAccess: true, remoteVirtualNetwork: { id: `${network}/virtualNetworks/other` } },
    },
  },
  {
    type: "compute:VirtualMachineScaleSet",
    names: { resourceGroupName: "rg", vmScaleSetName: "vmss" },
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
  },
  {
    type: "monitor:AutoscaleSetting",
    names: { resourceGroupName: "rg", autoscaleSettingName: "as" },
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
  },
  {
    type: "dns:Zone",
    names: { resourceGroupName: "rg", zoneName: "dev.chatbot.example" },
    path: `${network}/dnsZones/dev.chatbot.example`,
    apiVersion: "2023-07-01-preview",
    body: { location: "global", properties: { zoneType: "Public" } },
  },
  {
    type: "dns:RecordSet",
    names: { resourceGroupName: "rg", zoneName: "dev.chatbot.example", recordType: "A", relativeRecordSetName: "www" },
    path: `${network}/dnsZones/dev.chatbot.example/A/www`,
    apiVersion: "2023-07-01-preview",
    body: { properties: { TTL: 300, ARecords: [{ ipv4Address: "198.51.100.32" }] } },
  },
  {
    type: "privatedns:PrivateZone",
    names: { resourceGroupName: "rg", privateZoneName: "dev.chatbot.internal" },
    path: `${network}/privateDnsZones/dev.chatbot.internal`,
    apiVersion: "2024-06-01",
    body: { location: "global" },
  },
  {
    type: "privatedns:VirtualNetworkLink",
    names: { resourceGroupName: "rg", privateZoneName: "dev.chatbot.internal", virtualNetworkLinkName: "vnet" },
    path: `${network}/privateDnsZones/dev.chatbot.internal/virtualNetworkLinks/vnet`,
    apiVersion: "2024-06-01",
    body: {
      location: "global",
      properties: { registrationEnabled: false, virtualNetwork: { id: `${network}/virtualNetworks/vnet` } },
    },
  },
  {
    type: "privatedns:PrivateRecordSet",
    names: {
      resourceGroupName: "rg",
      privateZoneName: "dev.chatbot.internal",
      recordType: "A",
      relativeRecordSetName: "back",
    },
    path: `${network}/privateDnsZones/dev.chatbot.internal/A/back`,
    apiVersion: "2024-06-01",
    body: { properties: { ttl: 60, aRecords: [{ ipv4Address: "10.20.2.254" }] } },
  },
  {
    type: "managedidentity:UserAssignedIdentity",
    names: { resourceGroupName: "rg", resourceName: "id-front" },
    path: `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-front`,
    apiVersion: "2023-01-31",
    body: { location: "westeurope", tags: { environment: "dev" } },
  },
  {
    type: "authorization:RoleAssignment",
    names: { scope: `${vault}/secrets/one`, roleAssignmentName: "00000000-0000-4000-8000-00000000000a" },
    path: `${vault}/secrets/one/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-00000000000a`,
    apiVersion: "2022-04-01",
    body: { properties: { principalId: "p", principalType: "ServicePrincipal", roleDefinitionId: "r" } },
  },
  {
    type: "keyvault:Vault",
    names: { resourceGroupName: "rg", vaultName: "kv" },
    path: vault,
    apiVersion: "2024-11-01",
    together: true,
    body: {
      location: "westeurope",
      properties: {
        tenantId: "t",
        sku: { family: "A", name: "standard" },
        enableRbacAuthorization: true,
        enablePurgeProtection: true,
        enableSoftDelete: true,
        softDeleteRetentionInDays: 90,
        createMode: "default",
        publicNetworkAccess: "Enabled",
        networkAcls: {
          bypass: "AzureServices",
          defaultAction: "Deny",
          ipRules: [{ value: "198.51.100.7/32" }],
          virtualNetworkRules: [{ id: `${network}/virtualNetworks/vnet/subnets/snet` }],
        },
      },
    },
  },
  {
    type: "keyvault:Secret",
    names: { resourceGroupName: "rg", vaultName: "kv", secretName: "one" },
    path: `${vault}/secrets/one`,
    apiVersion: "2024-11-01",
    together: true,
    body: { tags: { use: "test" }, properties: { contentType: "text/plain", value: "secret" } },
  },
  {
    type: "storage:StorageAccount",
    names: { resourceGroupName: "rg", accountName: "st" },
    path: account,
    apiVersion: "2024-01-01",
    spellings: {
      networkAcls: "networkRuleSet",
      supportsHttpsTrafficOnly: "enableHttpsTrafficOnly",
      value: "iPAddressOrRange",
      id: "virtualNetworkResourceId",
    },
    body: {
      location: "westeurope",
      kind: "StorageV2",
      sku: { name: "Standard_ZRS" },
      properties: {
        accessTier: "Hot",
        allowBlobPublicAccess: false,
        allowSharedKeyAccess: false,
        minimumTlsVersion: "TLS1_2",
        supportsHttpsTrafficOnly: true,
        publicNetworkAccess: "Enabled",
        networkAcls: {
          bypass: "AzureServices",
          defaultAction: "Deny",
          ipRules: [{ value: "198.51.100.7", action: "Allow" }],
          virtualNetworkRules: [{ id: `${network}/virtualNetworks/vnet/subnets/snet`, action: "Allow" }],
        },
      },
    },
  },
  {
    type: "storage:BlobServiceProperties",
    names: { resourceGroupName: "rg", accountName: "st", blobServicesName: "default" },
    path: `${account}/blobServices/default`,
    apiVersion: "2024-01-01",
    body: {
      properties: {
        isVersioningEnabled: true,
        deleteRetentionPolicy: { enabled: true, days: 30 },
        containerDeleteRetentionPolicy: { enabled: true, days: 30 },
      },
    },
  },
  {
    type: "storage:ManagementPolicy",
    names: { resourceGroupName: "rg", accountName: "st", managementPolicyName: "default" },
    path: `${account}/managementPolicies/default`,
    apiVersion: "2024-01-01",
    body: {
      properties: {
        policy: {
          rules: [
            {
              name: "oldVersions",
              enabled: true,
              type: "Lifecycle",
              definition: {
                filters: { blobTypes: ["blockBlob", "appendBlob"] },
                actions: { version: { delete: { daysAfterCreationGreaterThan: 30 } } },
              },
            },
          ],
        },
      },
    },
  },
  {
    type: "storage:BlobContainer",
    names: { resourceGroupName: "rg", accountName: "st", containerName: "backups" },
    path: `${account}/blobServices/default/containers/backups`,
    apiVersion: "2024-01-01",
    body: { properties: { publicAccess: "None" } },
  },
];
