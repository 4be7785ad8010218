/** Backend pools of load balancers: what is in them, and which pool a rule sends to. */
import type { StoreContext } from "../context.ts";
import { keyOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import { types } from "../typeNames.ts";
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

/** Azure takes the pool of a rule in either of two properties. */
export const poolOf = (rule: {
  backendAddressPool?: { id: string };
  backendAddressPools?: { id: string }[];
}): string | undefined => rule.backendAddressPool?.id ?? rule.backendAddressPools?.[0]?.id;
