/** Who uses which private address: network interfaces and front ends of internal load balancers. */
import { keyOf } from "../ids.ts";
import type { Store } from "../store.ts";
import type { LoadBalancerBody } from "./loadBalancerSchema.ts";
import { types } from "./names.ts";
import type { NetworkInterfaceBody } from "./networkInterfaces.ts";

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
    .flatMap((balancer) =>
      (balancer.body.properties.frontendIPConfigurations ?? [])
        .filter((frontEnd) => inSubnet(frontEnd.properties.subnet))
        .map(({ name }) => ({
          id: `${balancer.id}/frontendIPConfigurations/${name}`,
          address: balancer.computed.addresses?.[name] ?? "",
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
