/**
 * Service endpoints of subnets: over one, machines reach a service of Azure's without a NAT gateway, and the service sees
 * their private addresses. https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview
 */
import type { VirtualNetwork, World } from "../world.ts";
import { storageAddress, vaultAddress } from "./addresses.ts";
import { blockRange, overlaps } from "./ranges.ts";

/** Of the services for which the lab has endpoints. */
export const serviceAddresses: Readonly<Record<string, string>> = {
  "Microsoft.KeyVault": vaultAddress,
  "Microsoft.Storage": storageAddress,
};

/** From the subnet with this prefix, packets to the service's address keep their sender. */
export interface Endpoint {
  prefix: string;
  address: string;
}

/**
 * The network's endpoints that are in force. The answers' way back is found by the private address alone: of subnets with
 * the same addresses, that of the older network has its endpoints; the others' machines come by their NAT gateway.
 */
export function endpointsOf(world: Pick<World, "networks">, network: VirtualNetwork): Endpoint[] {
  const older = world.networks.slice(
    0,
    world.networks.findIndex(({ id }) => id === network.id),
  );
  const taken = older.flatMap(endpoints).map(({ prefix }) => blockRange(prefix));
  return endpoints(network).filter(({ prefix }) => !taken.some((one) => overlaps(one, blockRange(prefix))));
}

const endpoints = ({ subnets }: VirtualNetwork): Endpoint[] =>
  subnets.flatMap(({ prefix, serviceEndpoints = [] }) =>
    Object.entries(serviceAddresses)
      .filter(([service]) => serviceEndpoints.some((one) => one.toLowerCase() === service.toLowerCase()))
      .map(([, address]) => ({ prefix, address })),
  );
