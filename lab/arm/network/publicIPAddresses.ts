/** Microsoft.Network/publicIPAddresses: Standard SKU, static, IPv4. */
import { formatAddress, parseAddress } from "../addresses.ts";
import type { Context, StoreContext } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf, parentOf } from "../ids.ts";
import { referencesIn, referrersOf } from "../references.ts";
import { isLive, type Body, type Resource } from "../resource.ts";
import type { Draft, Projection, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { refuseOtherZones } from "./zones.ts";
import { poolMembers, poolOf } from "./backendPools.ts";
import type { LoadBalancerBody } from "./loadBalancerSchema.ts";
import type { NatGatewayBody } from "./natGatewaySchema.ts";
import { networkIdOf } from "./networkInterfaceSchema.ts";
import { networkType } from "./networkType.ts";
import { publicAddressBody, publicAddressIntroduced, type PublicAddressBody } from "./publicAddressSchema.ts";
import type { SubnetBody } from "./subnetSchema.ts";

function prepare(draft: Draft<PublicAddressBody>, { store, options }: Context): void {
  if (draft.existing) refuseOtherZones(draft.id, draft.body.zones, draft.existing.body.zones);
  if (draft.computed.address !== undefined) return;
  const { first, last } = options.publicAddresses ?? { first: "198.51.100.32", last: "198.51.100.191" };
  const taken = new Set(store.ofType(types.publicAddress).map((address) => address.computed.address));
  for (let address = parseAddress(first)!; address <= parseAddress(last)!; address += 1) {
    if (taken.has(formatAddress(address))) continue;
    draft.computed.address = formatAddress(address);
    return;
  }
  throw badRequest(
    "PublicIPCountLimitReached",
    `Cannot create more public IP addresses: the lab's ${first} to ${last} are all taken. Delete one that is not needed.`,
  );
}

/** The front end, IP configuration or NAT gateway that uses an address. */
function userOf(id: string, { store }: Context): { user: Resource; part: string } | undefined {
  for (const user of referrersOf(id, store)) {
    const found = referencesIn(user.body).find((one) => keyOf(one.id) === keyOf(id));
    const match = found && /^properties\.(frontendIPConfigurations|ipConfigurations)\[(\d+)\]/.exec(found.path);
    if (!match) return { user, part: user.id };
    const parts = (user.body.properties as Record<string, { name: string }[]>)[match[1]!]!;
    return { user, part: `${user.id}/${match[1]}/${parts[Number(match[2])]!.name}` };
  }
  return undefined;
}

function render(address: Resource<PublicAddressBody>, context: Context): object {
  const used = userOf(address.id, context);
  const viaNat = used?.user.type === types.natGateway;
  const { dnsSettings } = address.body.properties;
  const { sku, zones } = address.body;
  return {
    sku: { tier: "Regional", ...sku },
    ...(zones && { zones }),
    properties: {
      provisioningState: address.state,
      resourceGuid: address.guid,
      publicIPAddressVersion: "IPv4",
      idleTimeoutInMinutes: 4,
      ipTags: [],
      ddosSettings: { protectionMode: "VirtualNetworkInherited" },
      ...address.body.properties,
      ipAddress: address.computed.address,
      ...(dnsSettings?.domainNameLabel && {
        dnsSettings: {
          ...dnsSettings,
          fqdn: `${dnsSettings.domainNameLabel}.${address.body.location}.cloudapp.azure.com`,
        },
      }),
      ...(used && (viaNat ? { natGateway: { id: used.user.id } } : { ipConfiguration: { id: used.part } })),
    },
  };
}

/** The network of whatever uses the address, through its router. */
function networkOf(address: Resource, context: StoreContext): string | undefined {
  const { store } = context;
  const isThis = (reference?: { id: string }): boolean =>
    reference !== undefined && keyOf(reference.id) === address.key;
  const live = <B extends Body>(type: string): Resource<B>[] => store.ofType<B>(type).filter(isLive);
  const gateway = live<NatGatewayBody>(types.natGateway).find(({ body }) =>
    body.properties.publicIpAddresses?.some(isThis),
  );
  if (gateway) {
    const subnet = live<SubnetBody>(types.subnet).find(
      ({ body }) => keyOf(body.properties.natGateway?.id ?? "") === gateway.key,
    );
    return subnet && parentOf(subnet.id);
  }
  for (const loadBalancer of live<LoadBalancerBody>(types.loadBalancer)) {
    const { frontendIPConfigurations = [], loadBalancingRules = [] } = loadBalancer.body.properties;
    const front = frontendIPConfigurations.find((one) => isThis(one.properties.publicIPAddress));
    const id = front && keyOf(`${loadBalancer.id}/frontendIPConfigurations/${front.name}`);
    for (const { properties } of loadBalancingRules) {
      if (keyOf(properties.frontendIPConfiguration.id) !== id) continue;
      const [member] = poolMembers(poolOf(properties), context);
      if (member) return networkIdOf(member.nic);
    }
  }
  return undefined;
}

function project(address: Resource<PublicAddressBody>, context: StoreContext): Projection {
  const { key: id, name, computed } = address;
  const networkId = networkOf(address, context);
  return {
    publicAddresses: [
      { id, name, address: computed.address!, ...(networkId !== undefined && { networkId: keyOf(networkId) }) },
    ],
  };
}

export const publicIPAddresses: ResourceType<PublicAddressBody> = {
  ...networkType,
  type: types.publicAddress,
  location: "regional",
  schema: publicAddressBody,
  introduced: publicAddressIntroduced,
  patch: "tags",
  prepare,
  render,
  project,
  refuseDelete: (address, context) => {
    const used = userOf(address.id, context);
    if (!used) return;
    throw badRequest(
      "PublicIPAddressCannotBeDeleted",
      `Public IP address ${address.id} can not be deleted since it is still allocated to resource ${used.part}. In order to delete the public IP, disassociate/detach the Public IP address from the resource. To learn how to do this, see aka.ms/deletepublicip.`,
    );
  },
};

/** An address serves one front end, IP configuration or NAT gateway; and it must be of the Standard SKU, which all are. */
export function refuseShared(addressId: string, ownerId: string, { store }: Context): void {
  const other = referrersOf(addressId, store).find((user) => user.key !== keyOf(ownerId));
  if (other) {
    throw badRequest(
      "PublicIPAddressInUse",
      `Resource ${ownerId} is referencing public IP address ${addressId} that is already allocated to resource ${other.id}.`,
    );
  }
}
