/** The one list of the types of resources that the program makes: providers and rights follow from it. Pure. */
import { machineGroups, type Plan } from "../environment/plan.ts";

/** ARM's types by the provider's, with the actions on them besides read, write and delete. */
export const resourceTypes: Record<string, { type: string; actions: string[] }> = {
  "azure-native:resources:ResourceGroup": { type: "Microsoft.Resources/subscriptions/resourceGroups", actions: [] },
  "azure-native:network:VirtualNetwork": { type: "Microsoft.Network/virtualNetworks", actions: ["join"] },
  "azure-native:network:Subnet": { type: "Microsoft.Network/virtualNetworks/subnets", actions: ["join"] },
  "azure-native:network:NetworkSecurityGroup": { type: "Microsoft.Network/networkSecurityGroups", actions: ["join"] },
  "azure-native:network:PublicIPAddress": { type: "Microsoft.Network/publicIPAddresses", actions: ["join"] },
  "azure-native:network:NatGateway": { type: "Microsoft.Network/natGateways", actions: ["join"] },
  "azure-native:network:LoadBalancer": {
    type: "Microsoft.Network/loadBalancers",
    actions: ["backendAddressPools/join"],
  },
  "azure-native:compute:VirtualMachineScaleSet": { type: "Microsoft.Compute/virtualMachineScaleSets", actions: [] },
  "azure-native:monitor:AutoscaleSetting": { type: "Microsoft.Insights/autoscaleSettings", actions: [] },
  "azure-native:dns:Zone": { type: "Microsoft.Network/dnsZones", actions: [] },
  "azure-native:dns:RecordSet": { type: "Microsoft.Network/dnsZones/A", actions: [] },
  "azure-native:privatedns:PrivateZone": { type: "Microsoft.Network/privateDnsZones", actions: [] },
  "azure-native:privatedns:PrivateRecordSet": { type: "Microsoft.Network/privateDnsZones/A", actions: [] },
  "azure-native:privatedns:VirtualNetworkLink": {
    type: "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    actions: [],
  },
};

/** What is asked of the members of scale sets: their list, their addresses, their host keys. */
const memberActions = [
  "Microsoft.Compute/virtualMachines/read",
  "Microsoft.Compute/virtualMachines/instanceView/read",
  "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
  "Microsoft.Compute/virtualMachines/runCommand/action",
  "Microsoft.Network/networkInterfaces/read",
];

/** ARM's types that a plan has. */
function typesOf(plan: Plan): { type: string; actions: string[] }[] {
  const autoscales = machineGroups(plan).some(({ autoscale }) => autoscale !== undefined);
  return Object.entries(resourceTypes).flatMap(([token, entry]) =>
    token.startsWith("azure-native:monitor:") && !autoscales
      ? []
      : token.startsWith("azure-native:dns:") && !plan.publicZone
        ? []
        : [entry],
  );
}

/** Namespaces of the resource providers that make a plan's resources, sorted. */
export function neededProviders(plan: Plan): string[] {
  const namespaces = typesOf(plan).map(({ type }) => type.split("/")[0] ?? "");
  // Every subscription has Microsoft.Resources.
  return [...new Set(namespaces)].filter((namespace) => namespace !== "Microsoft.Resources").sort();
}

/**
 * Actions that `pulumi up` of a plan takes, sorted.
 *
 * @param groupStands The resource group is there: nobody has to make it, or to delete it in an `up`.
 */
export function neededActions(plan: Plan, groupStands: boolean): string[] {
  const group = resourceTypes["azure-native:resources:ResourceGroup"]?.type;
  const actions = typesOf(plan).flatMap(({ type, actions: more }) => [
    ...(groupStands && type === group ? ["read"] : ["read", "write", "delete"]).map((action) => `${type}/${action}`),
    ...more.map((action) => `${type}/${action}/action`),
  ]);
  return [...actions, ...memberActions].sort();
}
