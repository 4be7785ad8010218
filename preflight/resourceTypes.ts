/** The one list of the types of resources that the program makes: providers and rights follow from it. Pure. */
import { machineGroups, type Plan } from "../environment/plan.ts";
import { recordRights } from "../environment/rights.ts";
import { recordTypes } from "../environment/zones/recordSet.ts";

interface ResourceType {
  /** ARM's type. */
  type: string;
  /** Actions on it besides read, write and delete. */
  actions: string[];
  /** It is never deleted by itself: by ARM it cannot be. */
  stays?: boolean;
}

const peering = { type: "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", actions: [] };
const zoneLink = { type: "Microsoft.Network/privateDnsZones/virtualNetworkLinks", actions: [] };

/** ARM's types by the provider's. */
export const resourceTypes: Record<string, ResourceType> = {
  "azure-native:resources:ResourceGroup": { type: "Microsoft.Resources/subscriptions/resourceGroups", actions: [] },
  "azure-native:network:VirtualNetwork": { type: "Microsoft.Network/virtualNetworks", actions: ["join"] },
  "azure-native:network:Subnet": {
    type: "Microsoft.Network/virtualNetworks/subnets",
    // The second one is the vault's and the storage account's.
    actions: ["join", "joinViaServiceEndpoint"],
  },
  "azure-native:network:VirtualNetworkPeering": peering,
  "azure-native:network:NetworkSecurityGroup": { type: "Microsoft.Network/networkSecurityGroups", actions: ["join"] },
  "azure-native:network:PublicIPAddress": { type: "Microsoft.Network/publicIPAddresses", actions: ["join"] },
  "azure-native:network:NatGateway": { type: "Microsoft.Network/natGateways", actions: ["join"] },
  "azure-native:network:LoadBalancer": {
    type: "Microsoft.Network/loadBalancers",
    actions: ["backendAddressPools/join"],
  },
  "azure-native:compute:VirtualMachineScaleSet": { type: "Microsoft.Compute/virtualMachineScaleSets", actions: [] },
  "azure-native:managedidentity:UserAssignedIdentity": {
    type: "Microsoft.ManagedIdentity/userAssignedIdentities",
    actions: ["assign"],
  },
  "azure-native:authorization:RoleAssignment": { type: "Microsoft.Authorization/roleAssignments", actions: [] },
  "azure-native:keyvault:Vault": { type: "Microsoft.KeyVault/vaults", actions: [] },
  "azure-native:keyvault:Secret": { type: "Microsoft.KeyVault/vaults/secrets", actions: [], stays: true },
  "azure-native:storage:StorageAccount": { type: "Microsoft.Storage/storageAccounts", actions: [] },
  "azure-native:storage:BlobServiceProperties": {
    type: "Microsoft.Storage/storageAccounts/blobServices",
    actions: [],
    stays: true,
  },
  "azure-native:storage:ManagementPolicy": {
    type: "Microsoft.Storage/storageAccounts/managementPolicies",
    actions: [],
  },
  "azure-native:storage:BlobContainer": {
    type: "Microsoft.Storage/storageAccounts/blobServices/containers",
    actions: [],
  },
  "azure-native:monitor:AutoscaleSetting": { type: "Microsoft.Insights/autoscaleSettings", actions: [] },
  "azure-native:dns:Zone": { type: "Microsoft.Network/dnsZones", actions: [] },
  "azure-native:dns:RecordSet": { type: "Microsoft.Network/dnsZones/A", actions: [] },
  "azure-native:privatedns:PrivateZone": { type: "Microsoft.Network/privateDnsZones", actions: [] },
  "azure-native:privatedns:PrivateRecordSet": { type: "Microsoft.Network/privateDnsZones/A", actions: [] },
  "azure-native:privatedns:VirtualNetworkLink": zoneLink,
};

/** What is asked of the members of scale sets: their list, addresses, host keys; that they take an identity, and pools. */
const memberActions = [
  "Microsoft.Compute/virtualMachines/read",
  "Microsoft.Compute/virtualMachines/write",
  "Microsoft.Compute/virtualMachines/instanceView/read",
  "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
  "Microsoft.Compute/virtualMachines/runCommand/action",
  "Microsoft.Network/networkInterfaces/read",
  "Microsoft.Network/networkInterfaces/write",
];

/** What peering two networks takes at each of them. */
const peerAction = "Microsoft.Network/virtualNetworks/peer/action";

/** Actions that a peering takes in the other environment's resource group, sorted. */
const peerActions: readonly string[] = [
  ...[peering, zoneLink].flatMap(({ type }) => ["delete", "read", "write"].map((action) => `${type}/${action}`)),
  ...["join/action", "read"].map((action) => `Microsoft.Network/virtualNetworks/${action}`),
  "Microsoft.Network/privateDnsZones/read",
  peerAction,
].sort();

/** What is asked of an entry: its address, and its jump hosts with their host keys. */
const entryActions: readonly string[] = [
  "Microsoft.Compute/virtualMachineScaleSets/read",
  "Microsoft.Compute/virtualMachines/read",
  "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
  "Microsoft.Network/networkInterfaces/read",
  "Microsoft.Network/publicIPAddresses/read",
];

/** Actions that `pulumi up` of a plan takes in the resource groups of other stacks. */
export function actionsElsewhere({ peers, reverseProxy }: Plan): { stack: string; actions: readonly string[] }[] {
  const { public: isPublic, entry } = reverseProxy;
  return [
    ...peers.filter(({ makes }) => makes).map(({ stack }) => ({ stack, actions: peerActions })),
    // It makes the peering itself.
    ...(entry && !isPublic ? [{ stack: entry.stack, actions: entryActions }] : []),
  ];
}

const makesPeering = ({ peers }: Plan) => peers.some(({ makes }) => makes);

/** ARM's types that a plan has. */
function typesOf(plan: Plan): ResourceType[] {
  const autoscales = machineGroups(plan).some(({ autoscale }) => autoscale !== undefined);
  const hasSecrets = plan.vault.secrets.length > 0;
  const hasRights = plan.identities.some(({ rights }) => rights.length > 0);
  const absent = [
    ...(makesPeering(plan) ? [] : ["azure-native:network:VirtualNetworkPeering"]),
    ...(autoscales ? [] : ["azure-native:monitor:"]),
    ...(plan.publicZone ? [] : ["azure-native:dns:"]),
    ...(hasSecrets ? [] : ["azure-native:keyvault:Secret"]),
    ...(hasRights ? [] : ["azure-native:authorization:"]),
  ];
  const types = Object.entries(resourceTypes).flatMap(([token, entry]) =>
    absent.some((beginning) => token.startsWith(beginning)) ? [] : [entry],
  );
  return plan.publicZone ? [...types, ...recordsOf(plan)] : types;
}

/**
 * ARM has a type for each type of records. Hosts behind an entry are aliases, zones below this one are delegated, challenges
 * of authorities are TXT, and a zone file may have all.
 */
function recordsOf({ dns, reverseProxy, subZones, identities }: Plan): ResourceType[] {
  const made = {
    CNAME: reverseProxy.entry !== undefined,
    NS: subZones.length > 0,
    TXT: identities.some(({ rights }) => recordRights(rights).length > 0),
  };
  return recordTypes
    .filter((type) => type !== "A" && (dns.zoneFile !== undefined || (type in made && made[type as keyof typeof made])))
    .map((type) => ({ type: `Microsoft.Network/dnsZones/${type}`, actions: [] }));
}

/** Namespaces that every subscription has. */
const builtIn = ["Microsoft.Authorization", "Microsoft.Resources"];

/** Namespaces of the resource providers that make a plan's resources, sorted. */
export function neededProviders(plan: Plan): string[] {
  const namespaces = typesOf(plan).map(({ type }) => type.split("/")[0] ?? "");
  return [...new Set(namespaces)].filter((namespace) => !builtIn.includes(namespace)).sort();
}

/**
 * Actions that `pulumi up` of a plan takes, sorted.
 *
 * @param groupStands The resource group is there: nobody has to make it, or to delete it in an `up`.
 */
export function neededActions(plan: Plan, groupStands: boolean): string[] {
  const group = resourceTypes["azure-native:resources:ResourceGroup"]?.type;
  const actions = typesOf(plan).flatMap(({ type, actions: more, stays }) => [
    ...(groupStands && type === group ? ["read"] : ["read", "write", ...(stays ? [] : ["delete"])]).map(
      (action) => `${type}/${action}`,
    ),
    ...more.map((action) => `${type}/${action}/action`),
  ]);
  return [...actions, ...memberActions, ...(makesPeering(plan) ? [peerAction] : [])].sort();
}
