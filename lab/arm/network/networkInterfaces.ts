/** Microsoft.Network/networkInterfaces */
import { z } from "zod";
import { createHash } from "node:crypto";
import { badRequest } from "../errors.ts";
import { keyOf, parentOf } from "../ids.ts";
import { choice, envelope, ignored, issue, reference, tracked } from "../schema.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";
import { allocate } from "./frontEnds.ts";
import { networkName, types } from "./names.ts";
import { refuseShared } from "./publicIPAddresses.ts";

const configuration = z.strictObject({
  ...envelope,
  name: z.string(),
  properties: z
    .strictObject({
      subnet: reference,
      primary: z.boolean().optional(),
      privateIPAddress: z.string().optional(),
      privateIPAllocationMethod: choice("Static", "Dynamic").optional(),
      privateIPAddressVersion: choice("IPv4").optional(),
      publicIPAddress: reference.optional(),
      loadBalancerBackendAddressPools: z.array(reference).optional(),
      loadBalancerInboundNatRules: z.array(z.unknown()).max(0, "The lab has no inbound NAT rules").optional(),
      applicationGatewayBackendAddressPools: z
        .array(z.unknown())
        .max(0, "The lab has no application gateways")
        .optional(),
      applicationSecurityGroups: z.array(z.unknown()).max(0, "The lab has no application security groups").optional(),
      virtualNetworkTaps: ignored,
      privateIPAddressPrefixLength: ignored,
      privateLinkConnectionProperties: ignored,
      provisioningState: ignored,
    })
    .superRefine((given, context) => {
      if (given.privateIPAllocationMethod === "Static" && given.privateIPAddress === undefined) {
        issue(context, "PrivateIPAddressMissing", "privateIPAllocationMethod is Static: privateIPAddress is required.");
      }
    }),
});

const body = z.strictObject({
  ...tracked,
  kind: ignored,
  properties: z.strictObject({
    ipConfigurations: z
      .array(configuration)
      .min(1, "A network interface needs an IP configuration")
      .max(1, "The lab's network interfaces have one IP configuration"),
    networkSecurityGroup: reference.optional(),
    dnsSettings: z
      .strictObject({
        dnsServers: z
          .array(z.string())
          .max(0, "The lab's machines use Azure's DNS server 168.63.129.16 only")
          .optional(),
        internalDnsNameLabel: z.string().optional(),
        appliedDnsServers: ignored,
        internalFqdn: ignored,
        internalDomainNameSuffix: ignored,
      })
      .optional(),
    enableIPForwarding: z.boolean().optional(),
    enableAcceleratedNetworking: z.boolean().optional(),
    disableTcpStateTracking: z.boolean().optional(),
    auxiliaryMode: choice("None").optional(),
    auxiliarySku: choice("None").optional(),
    nicType: choice("Standard").optional(),
    workloadType: z.string().optional(),
    virtualMachine: ignored,
    macAddress: ignored,
    primary: ignored,
    hostedWorkloads: ignored,
    tapConfigurations: ignored,
    vnetEncryptionSupported: ignored,
    defaultOutboundConnectivityEnabled: ignored,
    dscpConfiguration: ignored,
    privateEndpoint: ignored,
    migrationPhase: ignored,
    resourceGuid: ignored,
    provisioningState: ignored,
  }),
});

export type NetworkInterfaceBody = z.infer<typeof body>;

function prepare(draft: Draft<NetworkInterfaceBody>, context: Context): void {
  const addresses: Record<string, string> = {};
  for (const { name, properties } of draft.body.properties.ipConfigurations) {
    const isStatic = properties.privateIPAllocationMethod === "Static";
    const wish = {
      id: `${draft.id}/ipConfigurations/${name}`,
      subnetId: properties.subnet.id,
      ...(isStatic && { address: properties.privateIPAddress }),
      current: draft.computed.addresses?.[name],
    };
    addresses[name] = allocate(wish, context.store, Object.values(addresses));
    if (properties.publicIPAddress) refuseShared(properties.publicIPAddress.id, draft.id, context);
    checkPools(draft.id, properties);
  }
  draft.computed.addresses = addresses;
}

/** A machine can be in the pools of one public and one internal load balancer. Refused here: two pools of one balancer's kind are the caller's mistake. */
function checkPools(
  id: string,
  properties: NetworkInterfaceBody["properties"]["ipConfigurations"][number]["properties"],
): void {
  const pools = (properties.loadBalancerBackendAddressPools ?? []).map((pool) => keyOf(pool.id));
  if (new Set(pools).size !== pools.length) {
    throw badRequest(
      "DuplicateBackendAddressPoolReference",
      `Network interface ${id} names the same backend address pool twice.`,
    );
  }
}

/** Stable, in the range of Microsoft's virtual machines. */
const macAddress = (guid: string): string => {
  const digits = createHash("sha256").update(guid).digest("hex").slice(0, 6).toUpperCase();
  return `00-0D-3A-${digits.slice(0, 2)}-${digits.slice(2, 4)}-${digits.slice(4)}`;
};

export function renderInterface(nic: Resource<NetworkInterfaceBody>): object {
  const { properties } = nic.body;
  return {
    kind: "Regular",
    properties: {
      provisioningState: nic.state,
      resourceGuid: nic.guid,
      enableAcceleratedNetworking: false,
      enableIPForwarding: false,
      disableTcpStateTracking: false,
      nicType: "Standard",
      ...properties,
      dnsSettings: { dnsServers: [], appliedDnsServers: [], ...properties.dnsSettings },
      ipConfigurations: properties.ipConfigurations.map((one, index) => ({
        name: one.name,
        id: `${nic.id}/ipConfigurations/${one.name}`,
        etag: `W/"${nic.etag}"`,
        type: `${types.networkInterface}/ipConfigurations`,
        properties: {
          provisioningState: nic.state,
          privateIPAllocationMethod: "Dynamic",
          privateIPAddressVersion: "IPv4",
          primary: index === 0,
          ...one.properties,
          privateIPAddress: nic.computed.addresses?.[one.name],
        },
      })),
      macAddress: nic.computed.machineId ? macAddress(nic.guid) : "",
      ...(nic.computed.machineId && { primary: true, virtualMachine: { id: nic.computed.machineId } }),
      hostedWorkloads: [],
      tapConfigurations: [],
    },
  };
}

/** Of the network that a NIC's first IP configuration is in. */
export const subnetIdOf = (nic: Resource<NetworkInterfaceBody>): string =>
  nic.body.properties.ipConfigurations[0]!.properties.subnet.id;
export const networkIdOf = (nic: Resource<NetworkInterfaceBody>): string => parentOf(subnetIdOf(nic));

export const networkInterfaces: ResourceType<NetworkInterfaceBody> = {
  type: types.networkInterface,
  dialect: "network",
  location: "regional",
  name: networkName,
  schema: body,
  asynchronous: true,
  patch: "tags",
  prepare,
  render: (nic) => renderInterface(nic),
  views: {
    ipconfigurations: (nic) => ({
      value: (renderInterface(nic) as { properties: { ipConfigurations: unknown } }).properties.ipConfigurations,
    }),
  },
  refuseDelete: (nic) => {
    if (nic.computed.machineId === undefined) return;
    throw badRequest(
      "NicInUse",
      `Network Interface ${nic.id} is used by existing resource ${nic.computed.machineId}. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.`,
    );
  },
};
