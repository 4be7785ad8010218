/** Microsoft.Network/networkInterfaces */
import { createHash } from "node:crypto";
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import {
  networkInterfaceBody,
  networkInterfaceIntroduced,
  type NetworkInterfaceBody,
} from "./networkInterfaceSchema.ts";
import { refusePools } from "./backendPools.ts";
import { networkType } from "./networkType.ts";
import { allocate } from "./privateAddresses.ts";
import { refuseShared } from "./publicIPAddresses.ts";

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
    checkPools(draft.id, properties, context);
  }
  draft.computed.addresses = addresses;
}

/** Each backend pool is named once, and they are of one internal and one public load balancer at most. */
function checkPools(
  id: string,
  properties: NetworkInterfaceBody["properties"]["ipConfigurations"][number]["properties"],
  context: Context,
): void {
  const pools = (properties.loadBalancerBackendAddressPools ?? []).map((pool) => keyOf(pool.id));
  if (new Set(pools).size !== pools.length) {
    throw badRequest(
      "DuplicateBackendAddressPoolReference",
      `Network interface ${id} names the same backend address pool twice.`,
    );
  }
  // The code of a second public one is a guess by that of a second internal one.
  const codes = { internal: "AnotherInternalLoadBalancerExists", public: "AnotherExternalLoadBalancerExists" };
  refusePools(id, pools, properties.subnet.id, context, codes);
}

/** Stable, in the range of Microsoft's virtual machines. */
const macAddress = (guid: string): string => {
  const digits = createHash("sha256").update(guid).digest("hex").slice(0, 6).toUpperCase();
  return `00-0D-3A-${digits.slice(0, 2)}-${digits.slice(2, 4)}-${digits.slice(4)}`;
};

function renderInterface(nic: Resource<NetworkInterfaceBody>): object {
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

export const networkInterfaces: ResourceType<NetworkInterfaceBody> = {
  ...networkType,
  type: types.networkInterface,
  location: "regional",
  schema: networkInterfaceBody,
  introduced: networkInterfaceIntroduced,
  patch: "tags",
  prepare,
  render: renderInterface,
  // It keeps its address until its machine is gone.
  outcome: ({ state, computed }, _, { store }) =>
    state === "Deleting" && store.get(computed.machineId ?? "") ? "pending" : undefined,
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
