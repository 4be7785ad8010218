/** What a load balancer's GET answers, with the members of its pools. */
import type { Context } from "../context.ts";
import { keyOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import { types } from "../typeNames.ts";
import { poolMembers, poolOf } from "./backendPools.ts";
import type { LoadBalancerBody } from "./loadBalancerSchema.ts";

export function renderLoadBalancer(loadBalancer: Resource<LoadBalancerBody>, context: Context): object {
  const { properties } = loadBalancer.body;
  const rules = properties.loadBalancingRules ?? [];
  const shared = (collection: string, name: string): object => ({
    name,
    id: `${loadBalancer.id}/${collection}/${name}`,
    etag: `W/"${loadBalancer.etag}"`,
    type: `${types.loadBalancer}/${collection}`,
  });
  const usedBy = (id: string, of: (rule: (typeof rules)[number]["properties"]) => string | undefined): object => {
    const users = rules.filter((one) => keyOf(of(one.properties) ?? "") === keyOf(id));
    return users.length === 0
      ? {}
      : { loadBalancingRules: users.map(({ name }) => ({ id: `${loadBalancer.id}/loadBalancingRules/${name}` })) };
  };
  const provisioningState = loadBalancer.state;
  const frontEnds = (properties.frontendIPConfigurations ?? []).map((front) => {
    const head = shared("frontendIPConfigurations", front.name);
    const address = loadBalancer.computed.addresses?.[front.name];
    return {
      ...head,
      ...(front.zones && { zones: front.zones }),
      properties: {
        provisioningState,
        privateIPAllocationMethod: "Dynamic",
        ...(address !== undefined && { privateIPAddressVersion: "IPv4" }),
        ...front.properties,
        ...(address !== undefined && { privateIPAddress: address }),
        ...usedBy((head as { id: string }).id, (one) => one.frontendIPConfiguration.id),
      },
    };
  });
  const pools = (properties.backendAddressPools ?? []).map((one) => {
    const head = shared("backendAddressPools", one.name) as { id: string };
    const members = poolMembers(head.id, context);
    return {
      ...head,
      properties: {
        provisioningState,
        ...one.properties,
        loadBalancerBackendAddresses: members.map(({ nic, configuration }) => ({
          name: `${nic.name}_${configuration}`,
          properties: { networkInterfaceIPConfiguration: { id: `${nic.id}/ipConfigurations/${configuration}` } },
        })),
        ...(members.length > 0 && {
          backendIPConfigurations: members.map(({ nic, configuration }) => ({
            id: `${nic.id}/ipConfigurations/${configuration}`,
          })),
        }),
        ...usedBy(head.id, poolOf),
      },
    };
  });
  return {
    sku: { tier: "Regional", ...loadBalancer.body.sku },
    properties: {
      provisioningState,
      resourceGuid: loadBalancer.guid,
      frontendIPConfigurations: frontEnds,
      backendAddressPools: pools,
      loadBalancingRules: rules.map((one) => ({
        ...shared("loadBalancingRules", one.name),
        properties: {
          provisioningState,
          backendPort: one.properties.frontendPort,
          idleTimeoutInMinutes: 4,
          enableFloatingIP: false,
          enableTcpReset: false,
          disableOutboundSnat: false,
          loadDistribution: "Default",
          ...one.properties,
          ...(poolOf(one.properties) && {
            backendAddressPool: { id: poolOf(one.properties) },
            backendAddressPools: [{ id: poolOf(one.properties) }],
          }),
        },
      })),
      probes: (properties.probes ?? []).map((one) => {
        const head = shared("probes", one.name) as { id: string };
        return {
          ...head,
          properties: {
            provisioningState,
            intervalInSeconds: 15,
            numberOfProbes: 2,
            probeThreshold: 1,
            ...one.properties,
            ...usedBy(head.id, (used) => used.probe?.id),
          },
        };
      }),
      inboundNatRules: [],
      inboundNatPools: [],
      outboundRules: [],
    },
  };
}
