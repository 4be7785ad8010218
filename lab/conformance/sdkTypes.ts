/** The types of Azure's SDKs: which of them describe a resource type, and for which api-version they were made. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Sdk {
  /** Resource types, in lower case, with the interfaces that their requests and answers have. */
  roots: Record<string, string[]>;
  types: string;
  /** A file whose requests all name the api-version, if the SDK has one version for all of these resource types. */
  requests?: string;
  /** That of these resource types, if the SDK's requests name several. */
  version?: string;
}

const sdks: Sdk[] = [
  {
    roots: { "microsoft.network/dnszones": ["Zone", "RecordSet"] },
    types: "@azure/arm-dns/types",
    requests: "@azure/arm-dns/dist-esm/src/dnsManagementClient.js",
  },
  {
    roots: {
      "microsoft.network/privatednszones": ["PrivateZone", "RecordSet"],
      "microsoft.network/privatednszones/virtualnetworklinks": ["VirtualNetworkLink"],
    },
    types: "@azure/arm-privatedns/dist/esm/models",
    requests: "@azure/arm-privatedns/dist/esm/api/privateZones/operations.js",
  },
  {
    roots: {
      "microsoft.network/loadbalancers": ["LoadBalancer"],
      "microsoft.network/natgateways": ["NatGateway"],
      "microsoft.network/networkinterfaces": ["NetworkInterface"],
      "microsoft.network/networksecuritygroups": ["NetworkSecurityGroup"],
      "microsoft.network/networksecuritygroups/securityrules": ["SecurityRule"],
      "microsoft.network/publicipaddresses": ["PublicIPAddress"],
      "microsoft.network/virtualnetworks": ["VirtualNetwork"],
      "microsoft.network/virtualnetworks/subnets": ["Subnet"],
      "microsoft.network/virtualnetworks/virtualnetworkpeerings": ["VirtualNetworkPeering"],
    },
    types: "@azure/arm-network/dist/esm/models",
    requests: "@azure/arm-network/dist/esm/api/virtualNetworks/operations.js",
  },
  {
    roots: {
      "microsoft.compute/locations/publishers": ["VirtualMachineImage", "VirtualMachineImageResource"],
      "microsoft.compute/locations/usages": ["Usage"],
      "microsoft.compute/locations/vmsizes": ["VirtualMachineSize"],
      "microsoft.compute/virtualmachines": ["VirtualMachine", "RetrieveBootDiagnosticsDataResult"],
      "microsoft.compute/virtualmachines/extensions": ["VirtualMachineExtension"],
      "microsoft.compute/virtualmachinescalesets": ["VirtualMachineScaleSet", "VirtualMachineScaleSetInstanceView"],
    },
    types: "@azure/arm-compute/dist/esm/models",
    requests: "@azure/arm-compute/dist/esm/api/virtualMachines/operations.js",
  },
  {
    roots: {
      "microsoft.managedidentity/userassignedidentities": ["Identity"],
      "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": ["FederatedIdentityCredential"],
    },
    types: "@azure/arm-msi/dist/esm/models",
    requests: "@azure/arm-msi/dist/esm/managedServiceIdentityClient.js",
  },
  {
    roots: {
      "microsoft.authorization/roleassignments": ["RoleAssignment"],
      "microsoft.authorization/roledefinitions": ["RoleDefinition"],
    },
    types: "@azure/arm-authorization/types",
    version: "2022-04-01",
  },
  {
    roots: { "microsoft.insights/autoscalesettings": ["AutoscaleSettingResource"] },
    types: "@azure/arm-monitor/dist/esm/models/autoScaleApi",
    requests: "@azure/arm-monitor/dist/esm/api/autoscaleSettings/operations.js",
  },
  {
    roots: {
      "microsoft.storage/storageaccounts": [
        "StorageAccount",
        "StorageAccountProperties",
        "StorageAccountListKeysResult",
        "CheckNameAvailabilityResult",
      ],
      "microsoft.storage/storageaccounts/blobservices": ["BlobServiceProperties"],
      "microsoft.storage/storageaccounts/blobservices/containers": ["BlobContainer"],
      "microsoft.storage/storageaccounts/managementpolicies": ["ManagementPolicy"],
    },
    types: "@azure/arm-storage/dist/esm/models",
    requests: "@azure/arm-storage/dist/esm/api/storageAccounts/operations.js",
  },
  {
    roots: { "microsoft.resources/resourcegroups": ["ResourceGroup"] },
    types: "@azure/arm-resources/dist/esm/models",
    requests: "@azure/arm-resources/dist/esm/api/resourceGroups/operations.js",
  },
];

const modules = join(import.meta.dirname, "..", "..", "node_modules");

function sdkOf(resource: string): Sdk {
  const sdk = sdks.find(({ roots }) => resource.toLowerCase() in roots);
  if (sdk === undefined) throw new Error(`No SDK's types are known for ${resource}`);
  return sdk;
}

/** The api-version for which the SDK's types of this resource type were made. */
export function sdkVersionOf(resource: string): string | undefined {
  const { requests, version } = sdkOf(resource);
  if (requests === undefined) return version;
  const named = readFileSync(join(modules, requests), "utf8").match(/\b20\d\d-\d\d-\d\d(-preview)?\b/g) ?? [];
  return new Set(named).size === 1 ? named[0] : undefined;
}

const texts = new Map<string, string>();

/** In lower case and without comments: the interfaces of this resource type, and all types that these reach. */
export function typesTextOf(resource: string): string {
  const cached = texts.get(resource);
  if (cached !== undefined) return cached;
  const sdk = sdkOf(resource);
  const declared = declarationsIn(join(modules, sdk.types));
  const reached = new Set<string>();
  const reach = (name: string): void => {
    const body = declared.get(name);
    if (body === undefined || reached.has(name)) return;
    reached.add(name);
    // The values of an enumeration that may grow stand in a type of their own.
    for (const other of [`Known${name}`, ...(body.match(/\w+/g) ?? [])]) reach(other);
  };
  sdk.roots[resource.toLowerCase()]!.forEach(reach);
  const text = [...reached]
    .map((name) => declared.get(name))
    .join("\n")
    .toLowerCase();
  texts.set(resource, text);
  return text;
}

/** Bodies of interfaces, type aliases and enumerations, by name. */
function declarationsIn(folder: string): Map<string, string> {
  const declared = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const text = readFileSync(join(folder, name), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    for (const part of text.split(/^export (?:declare )?/m)) {
      const [, found, body] = /^(?:interface|type|enum) (\w+)([\s\S]*)/.exec(part) ?? [];
      if (found !== undefined) declared.set(found, `${declared.get(found) ?? ""}\n${body}`);
    }
  }
  return declared;
}
