/** Private addresses of subnets: which IP configurations and front ends have them, and what a new one gets. */
import { blockOf, lowestFree, parseAddress, usable, within } from "../addresses.ts";
import { badRequest } from "../errors.ts";
import { keyOf, nameOf } from "../ids.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import type { LoadBalancerBody } from "./loadBalancerSchema.ts";
import type { NetworkInterfaceBody } from "./networkInterfaceSchema.ts";
import { subnetPrefix, type SubnetBody } from "./subnetSchema.ts";

interface Use {
  /** Of the IP configuration. */
  id: string;
  address: string;
}

function usesOf(subnetId: string, store: Store): Use[] {
  const inSubnet = (reference?: { id: string }): boolean =>
    reference !== undefined && keyOf(reference.id) === keyOf(subnetId);
  const interfaces = store
    .ofType<NetworkInterfaceBody>(types.networkInterface)
    .flatMap((nic) =>
      nic.body.properties.ipConfigurations
        .filter((configuration) => inSubnet(configuration.properties.subnet))
        .map(({ name }) => ({
          id: `${nic.id}/ipConfigurations/${name}`,
          address: nic.computed.addresses?.[name] ?? "",
        })),
    );
  const frontEnds = store
    .ofType<LoadBalancerBody>(types.loadBalancer)
    .flatMap((loadBalancer) =>
      (loadBalancer.body.properties.frontendIPConfigurations ?? [])
        .filter((frontEnd) => inSubnet(frontEnd.properties.subnet))
        .map(({ name }) => ({
          id: `${loadBalancer.id}/frontendIPConfigurations/${name}`,
          address: loadBalancer.computed.addresses?.[name] ?? "",
        })),
    );
  return [...interfaces, ...frontEnds];
}

/** Taken addresses of a subnet. What is being deleted counts until it is gone. */
export const addressesIn = (subnetId: string, store: Store): Set<string> =>
  new Set(usesOf(subnetId, store).map((use) => use.address));

/** IDs of the IP configurations in a subnet. */
export const configurationsIn = (subnetId: string, store: Store): string[] =>
  usesOf(subnetId, store).map((use) => use.id);

interface AddressWish {
  /** ID of the IP configuration or front end. */
  id: string;
  subnetId: string;
  /** Static when given. */
  address?: string;
  /** What it has now, if anything. */
  current?: string;
}

/** The address that an IP configuration gets. */
export function allocate(wish: AddressWish, store: Store, alsoTaken: Iterable<string> = []): string {
  const subnet = store.get<SubnetBody>(wish.subnetId)!;
  const prefix = subnetPrefix(subnet.body);
  const block = blockOf(prefix);
  const taken = new Set([...addressesIn(wish.subnetId, store), ...alsoTaken]);
  if (wish.current !== undefined) taken.delete(wish.current);
  if (wish.address === undefined) {
    const current = wish.current === undefined ? undefined : parseAddress(wish.current);
    if (current !== undefined && usable(block, current)) return wish.current!;
    const free = lowestFree(block, taken);
    if (free !== undefined) return free;
    throw badRequest(
      "SubnetIsFull",
      `Subnet ${subnet.name} with address prefix ${prefix} does not have enough capacity for 1 IP addresses.`,
    );
  }
  const value = parseAddress(wish.address);
  if (value === undefined) {
    throw badRequest(
      "InvalidIPAddressFormat",
      `IP address '${wish.address}' of ${wish.id} is not a valid IPv4 address.`,
    );
  }
  if (!within({ first: value, last: value, bits: 32 }, block)) {
    throw badRequest(
      "PrivateIPAddressNotInSubnet",
      `Private static IP address ${wish.address} does not belong to the range of subnet prefix ${prefix}.`,
    );
  }
  if (!usable(block, value)) {
    throw badRequest(
      "PrivateIPAddressInReservedRange",
      `Private static IP address ${wish.address} falls within reserved IP range of subnet prefix ${prefix}.`,
    );
  }
  if (taken.has(wish.address)) {
    throw badRequest(
      "PrivateIPAddressIsAllocated",
      `IP configuration ${nameOf(wish.id)} is using the private IP address ${wish.address} which is already allocated to another resource.`,
    );
  }
  return wish.address;
}
