/**
 * The resource types that the lab supports: where each lives in ARM, which call of which Azure SDK reaches it, and what
 * azure-native's own description of it says (default API version, names made up by Pulumi, immutable properties).
 */
import type { Properties } from "../plugin/values.ts";
import type { ClientName } from "./clients.ts";

export interface ResourceType {
  /** `network:Subnet`; API versions stand between module and type in versioned modules. */
  token: string;
  /** API version that azure-native 3 uses when the program names none. */
  apiVersion: string;
  /** ARM's path; its parameters are inputs, in the order in which the SDK's calls take them (see `order`). */
  path: string;
  /** The SDK's client and its group of operations. */
  client: ClientName;
  operations: string;
  /** The SDK takes parameters in another order than the path. */
  order?: string[];
  /**
   * Name parameter that Pulumi fills in: `random` adds a suffix, `copy` takes the resource's name as it is, `uuid` makes
   * another one up.
   */
  autoname: { parameter: string; strategy: "random" | "copy" | "uuid" };
  /** `location` is an input and is taken from the configuration when it is missing. */
  location: boolean;
  /** Input properties, besides the path's, that cannot be changed in place. */
  immutable: string[];
  /** Outputs that are no inputs; a refresh never copies them into the inputs. */
  readOnly: string[];
  /**
   * Lists that the program may keep as resources of their own: left out of the program, they are sent back as they are
   * (a virtual network's PUT would delete its subnets otherwise), and a refresh does not copy them into the inputs.
   */
  children: string[];
  /** Lists of named parts that get IDs of their own. */
  parts: string[];
  /** It comes and goes with its parent: there before it is created, and put back to its beginning when it is deleted. */
  withParent?: true;
  /** Why it cannot be deleted through ARM. */
  undeletable?: string;
  /** Names of inputs that the REST API spells in another way. */
  spellings?: Record<string, string>;
}

const group = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}";
const network = `${group}/providers/Microsoft.Network`;
const vaults = `${group}/providers/Microsoft.KeyVault/vaults`;
const accounts = `${group}/providers/Microsoft.Storage/storageAccounts`;
const common = ["etag", "provisioningState", "resourceGuid", "name", "type", "id", "systemData", "azureApiVersion"];

type Row = Pick<ResourceType, "token" | "path" | "operations"> & Partial<ResourceType>;

function types(defaults: { client: ClientName; apiVersion: string }, rows: Row[]): ResourceType[] {
  return rows.map((row) => ({
    location: true,
    immutable: [],
    children: [],
    parts: [],
    ...defaults,
    ...row,
    autoname: row.autoname ?? { parameter: lastParameter(row.path), strategy: "random" },
    readOnly: [...common, ...(row.readOnly ?? [])],
  }));
}

export const resourceTypes: ResourceType[] = [
  ...types({ client: "resources", apiVersion: "2024-03-01" }, [
    {
      token: "resources:ResourceGroup",
      path: group,
      operations: "resourceGroups",
      immutable: ["location"],
      readOnly: ["properties"],
    },
  ]),
  ...types({ client: "network", apiVersion: "2024-05-01" }, [
    {
      token: "network:VirtualNetwork",
      path: `${network}/virtualNetworks/{virtualNetworkName}`,
      operations: "virtualNetworks",
      immutable: ["location"],
      readOnly: ["flowLogs"],
      children: ["subnets", "virtualNetworkPeerings"],
      parts: ["subnets", "virtualNetworkPeerings"],
    },
    {
      token: "network:Subnet",
      path: `${network}/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}`,
      operations: "subnets",
      location: false,
      autoname: { parameter: "subnetName", strategy: "random" },
      readOnly: [
        "ipConfigurations",
        "ipConfigurationProfiles",
        "privateEndpoints",
        "purpose",
        "resourceNavigationLinks",
        "serviceAssociationLinks",
      ],
    },
    {
      token: "network:NetworkSecurityGroup",
      path: `${network}/networkSecurityGroups/{networkSecurityGroupName}`,
      operations: "networkSecurityGroups",
      children: ["securityRules"],
      parts: ["securityRules"],
      readOnly: ["defaultSecurityRules", "flowLogs", "networkInterfaces", "subnets"],
    },
    {
      token: "network:SecurityRule",
      path: `${network}/networkSecurityGroups/{networkSecurityGroupName}/securityRules/{securityRuleName}`,
      operations: "securityRules",
      location: false,
    },
    {
      token: "network:NatGateway",
      path: `${network}/natGateways/{natGatewayName}`,
      operations: "natGateways",
      readOnly: ["subnets", "virtualNetwork"],
    },
    {
      token: "network:PublicIPAddress",
      path: `${network}/publicIPAddresses/{publicIpAddressName}`,
      operations: "publicIPAddresses",
      immutable: ["location", "publicIPAddressVersion", "publicIPPrefix", "sku"],
      // The other side's references to this address: inputs by their type, but nobody's to set here.
      readOnly: ["ipConfiguration", "natGateway", "linkedPublicIPAddress"],
    },
    {
      token: "network:LoadBalancer",
      path: `${network}/loadBalancers/{loadBalancerName}`,
      operations: "loadBalancers",
      children: ["inboundNatRules", "backendAddressPools"],
      parts: [
        "frontendIPConfigurations",
        "backendAddressPools",
        "probes",
        "loadBalancingRules",
        "inboundNatRules",
        "outboundRules",
      ],
    },
    {
      token: "network:VirtualNetworkPeering",
      path: `${network}/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings/{virtualNetworkPeeringName}`,
      operations: "virtualNetworkPeerings",
      location: false,
      readOnly: ["remoteVirtualNetworkEncryption"],
    },
  ]),
  ...types({ client: "compute", apiVersion: "2024-11-01" }, [
    {
      token: "compute:VirtualMachineScaleSet",
      path: `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/{vmScaleSetName}`,
      operations: "virtualMachineScaleSets",
      immutable: ["location", "orchestrationMode"],
      readOnly: ["timeCreated", "uniqueId"],
    },
  ]),
  ...types({ client: "monitor", apiVersion: "2021-05-01-preview" }, [
    {
      token: "monitor:AutoscaleSetting",
      path: `${group}/providers/Microsoft.Insights/autoscalesettings/{autoscaleSettingName}`,
      operations: "autoscaleSettings",
      immutable: ["location"],
    },
  ]),
  ...types({ client: "dns", apiVersion: "2023-07-01-preview" }, [
    {
      token: "dns:Zone",
      path: `${network}/dnsZones/{zoneName}`,
      operations: "zones",
      immutable: ["location"],
      readOnly: [
        "maxNumberOfRecordSets",
        "maxNumberOfRecordsPerRecordSet",
        "nameServers",
        "numberOfRecordSets",
        "signingKeys",
      ],
    },
    {
      token: "dns:RecordSet",
      path: `${network}/dnsZones/{zoneName}/{recordType}/{relativeRecordSetName}`,
      operations: "recordSets",
      order: ["resourceGroupName", "zoneName", "relativeRecordSetName", "recordType"],
      location: false,
      readOnly: ["fqdn"],
    },
  ]),
  ...types({ client: "privatedns", apiVersion: "2024-06-01" }, [
    {
      token: "privatedns:PrivateZone",
      path: `${network}/privateDnsZones/{privateZoneName}`,
      operations: "privateZones",
      immutable: ["location"],
      readOnly: [
        "internalId",
        "maxNumberOfRecordSets",
        "maxNumberOfVirtualNetworkLinks",
        "numberOfRecordSets",
        "maxNumberOfVirtualNetworkLinksWithRegistration",
        "numberOfVirtualNetworkLinks",
        "numberOfVirtualNetworkLinksWithRegistration",
      ],
    },
    {
      token: "privatedns:VirtualNetworkLink",
      path: `${network}/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}`,
      operations: "virtualNetworkLinks",
      immutable: ["location"],
      readOnly: ["virtualNetworkLinkState"],
    },
    {
      token: "privatedns:PrivateRecordSet",
      path: `${network}/privateDnsZones/{privateZoneName}/{recordType}/{relativeRecordSetName}`,
      operations: "recordSets",
      location: false,
      readOnly: ["fqdn", "isAutoRegistered"],
    },
  ]),
  ...types({ client: "managedidentity", apiVersion: "2023-01-31" }, [
    {
      token: "managedidentity:UserAssignedIdentity",
      path: `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}`,
      operations: "userAssignedIdentities",
      immutable: ["location"],
      readOnly: ["tenantId", "clientId", "principalId"],
    },
  ]),
  ...types({ client: "authorization", apiVersion: "2022-04-01" }, [
    {
      token: "authorization:RoleAssignment",
      path: "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
      operations: "roleAssignments",
      autoname: { parameter: "roleAssignmentName", strategy: "uuid" },
      location: false,
      immutable: ["principalId"],
      readOnly: ["scope", "createdOn", "createdBy", "updatedOn", "updatedBy"],
    },
  ]),
  ...types({ client: "keyvault", apiVersion: "2024-11-01" }, [
    { token: "keyvault:Vault", path: `${vaults}/{vaultName}`, operations: "vaults" },
    {
      token: "keyvault:Secret",
      path: `${vaults}/{vaultName}/secrets/{secretName}`,
      operations: "secrets",
      location: false,
      readOnly: ["location"],
      undeletable: "azure-native deletes a secret at its vault, and the lab's only through ARM: use retainOnDelete",
    },
  ]),
  ...types({ client: "storage", apiVersion: "2024-01-01" }, [
    {
      token: "storage:StorageAccount",
      path: `${accounts}/{accountName}`,
      operations: "storageAccounts",
      immutable: ["isHnsEnabled", "location"],
      readOnly: [
        "accountMigrationInProgress",
        "blobRestoreStatus",
        "creationTime",
        "failoverInProgress",
        "geoReplicationStats",
        "isSkuConversionBlocked",
        "keyCreationTime",
        "lastGeoFailoverTime",
        "primaryEndpoints",
        "primaryLocation",
        "privateEndpointConnections",
        "secondaryEndpoints",
        "secondaryLocation",
        "statusOfPrimary",
        "statusOfSecondary",
        "storageAccountSkuConversionStatus",
      ],
      spellings: {
        networkRuleSet: "networkAcls",
        enableHttpsTrafficOnly: "supportsHttpsTrafficOnly",
        iPAddressOrRange: "value",
        virtualNetworkResourceId: "id",
      },
    },
    {
      token: "storage:BlobServiceProperties",
      path: `${accounts}/{accountName}/blobServices/{blobServicesName}`,
      operations: "blobServices",
      order: ["resourceGroupName", "accountName"],
      location: false,
      readOnly: ["sku"],
      withParent: true,
    },
    {
      token: "storage:ManagementPolicy",
      path: `${accounts}/{accountName}/managementPolicies/{managementPolicyName}`,
      operations: "managementPolicies",
      location: false,
      readOnly: ["lastModifiedTime"],
    },
    {
      token: "storage:BlobContainer",
      path: `${accounts}/{accountName}/blobServices/default/containers/{containerName}`,
      operations: "blobContainers",
      location: false,
      readOnly: [
        "deleted",
        "deletedTime",
        "hasImmutabilityPolicy",
        "hasLegalHold",
        "immutabilityPolicy",
        "lastModifiedTime",
        "leaseDuration",
        "leaseState",
        "leaseStatus",
        "legalHold",
        "remainingRetentionDays",
        "version",
      ],
    },
  ]),
];

/** The row for a type token such as `azure-native:network:Subnet` or `azure-native:network/v20250101:Subnet`. */
export function resourceType(type: string): ResourceType {
  const [, module = "", name = ""] = type.split(":");
  const [area, version] = module.split("/");
  const row = resourceTypes.find(({ token }) => token === `${area}:${name}`);
  if (!row) {
    const supported = resourceTypes.map(({ token }) => `azure-native:${token}`).join("\n  ");
    throw new Error(
      `The lab has no resource type ${type}. It has:\n  ${supported}\n` +
        "To add one: a row in lab/provider/azureNative/resources.ts and a file in lab/arm.",
    );
  }
  const date = /^v(\d{4})(\d{2})(\d{2})(preview)?$/.exec(version ?? "");
  if (!date) return row;
  return { ...row, apiVersion: `${date[1]}-${date[2]}-${date[3]}${date[4] ? "-preview" : ""}` };
}

/** Names of the path's parameters, without the subscription's. */
export function parameters(type: ResourceType): string[] {
  return [...type.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).filter((name) => name !== "subscriptionId");
}

/** The path's parameters among the inputs. */
export function pathValues(type: ResourceType, inputs: Properties): Record<string, string> {
  return Object.fromEntries(
    parameters(type).map((name) => {
      const value = inputs[name];
      if (typeof value !== "string")
        throw new Error(`${type.token} needs ${name} as a string, but got ${JSON.stringify(value)}.`);
      return [name, value];
    }),
  );
}

function lastParameter(path: string): string {
  return /\{(\w+)\}$/.exec(path)![1]!;
}

/** A parameter that is an ID itself. */
const isId = (parameter: string): boolean => parameter === "scope";

/** Values of the path's parameters in an ID; letter case of the fixed parts does not matter, as in ARM. */
export function parseId(type: ResourceType, id: string): Record<string, string> {
  const pattern = type.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${isId(name) ? ".+" : "[^/]+"})`);
  const groups = new RegExp(`^${pattern}$`, "i").exec(id)?.groups;
  if (!groups) throw new Error(`"${id}" is not the ID of a ${type.token}; it has the form ${type.path}.`);
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => [name, isId(name) ? `/${value}` : decodeURIComponent(value)]),
  );
}

export function buildId(type: ResourceType, values: Record<string, string>): string {
  return type.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    isId(name) ? values[name]!.replace(/^\//, "") : encodeURIComponent(values[name] ?? ""),
  );
}
