/** Backend pools of load balancers: what is in them, and which pool a rule sends to. */
import type { StoreContext } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf, parentOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import { types } from "../typeNames.ts";
import type { LoadBalancerBody } from "./loadBalancerSchema.ts";
import type { NetworkInterfaceBody } from "./networkInterfaceSchema.ts";

/** IP configurations of live network interfaces in a pool; none where there is no pool. */
export function poolMembers(
  poolId: string | undefined,
  { store }: StoreContext,
): { nic: Resource<NetworkInterfaceBody>; configuration: string }[] {
  if (poolId === undefined) return [];
  return store
    .ofType<NetworkInterfaceBody>(types.networkInterface)
    .filter(isLive)
    .flatMap((nic) =>
      nic.body.properties.ipConfigurations
        .filter(({ properties }) =>
          (properties.loadBalancerBackendAddressPools ?? []).some((one) => keyOf(one.id) === keyOf(poolId)),
        )
        .map(({ name }) => ({ nic, configuration: name })),
    );
}

/**
 * Refuses backend pools of which a network interface, or the machines of a scale set, cannot be members at the same time:
 * of two load balancers of one type, and of an internal one in another network.
 *
 * @param poolIds Of pools that exist.
 * @param codes Azure's codes for a second internal load balancer, and for a second public one.
 */
export function refusePools(
  memberId: string,
  poolIds: string[],
  subnetId: string,
  { store }: StoreContext,
  codes: { internal: string; public: string },
): void {
  const balancers = [...new Map(poolIds.map((id) => [keyOf(parentOf(id)), parentOf(id)])).values()].map((id) => {
    const fronts = store.live<LoadBalancerBody>(id)?.body.properties.frontendIPConfigurations ?? [];
    return { id, subnet: fronts.find(({ properties }) => properties.subnet)?.properties.subnet?.id };
  });
  for (const type of ["internal", "public"] as const) {
    const alike = balancers.filter(({ subnet }) => (subnet === undefined) === (type === "public"));
    const [first, second] = alike;
    if (!first || !second) continue;
    throw badRequest(
      codes[type],
      `${memberId} cannot be in backend pools of two ${type} load balancers, ${first.id} and ${second.id}. Only one load balancer of type ${type} can refer to it.`,
    );
  }
  const elsewhere = balancers.find(({ subnet }) => subnet && keyOf(parentOf(subnet)) !== keyOf(parentOf(subnetId)));
  if (!elsewhere) return;
  throw badRequest(
    "NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet",
    `${memberId} and internal load balancer ${elsewhere.id} must use the same virtual network.`,
  );
}

/** Azure takes the pool of a rule in either of two properties. */
export const poolOf = (rule: {
  backendAddressPool?: { id: string };
  backendAddressPools?: { id: string }[];
}): string | undefined => rule.backendAddressPool?.id ?? rule.backendAddressPools?.[0]?.id;
