/** Private addresses of IP configurations and front ends: static ones are checked, dynamic ones allocated. */
import { blockOf, lowestFree, parseAddress, usable, within } from "../addresses.ts";
import { badRequest } from "../errors.ts";
import { nameOf } from "../ids.ts";
import type { Store } from "../store.ts";
import { addressesIn } from "./ipConfigurations.ts";
import { subnetPrefix, type SubnetBody } from "./subnets.ts";

export interface AddressWish {
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
