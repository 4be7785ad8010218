/** What the fabric makes of a load balancer. */
import type { BalancingRule, LoadBalancer, Probe } from "../../world.ts";
import type { StoreContext } from "../context.ts";
import { keyOf, parentOf } from "../ids.ts";
import { partOf } from "../references.ts";
import type { Resource } from "../resource.ts";
import { poolMembers, poolOf } from "./backendPools.ts";
import type { BalancingRuleProperties, FrontEnd, LoadBalancerBody, ProbePart } from "./loadBalancerSchema.ts";
import { networkIdOf } from "./networkInterfaceSchema.ts";

type LoadBalancerResource = Resource<LoadBalancerBody>;

export const projectLoadBalancer = (loadBalancer: LoadBalancerResource, context: StoreContext): LoadBalancer => ({
  id: loadBalancer.key,
  name: loadBalancer.name,
  tags: loadBalancer.body.tags ?? {},
  rules: (loadBalancer.body.properties.loadBalancingRules ?? []).flatMap(
    ({ name, properties }) => projectRule(loadBalancer, name, properties, context) ?? [],
  ),
});

/** Undefined while a public rule has no member: then it belongs to no network yet. */
function projectRule(
  loadBalancer: LoadBalancerResource,
  name: string,
  rule: BalancingRuleProperties,
  context: StoreContext,
): BalancingRule | undefined {
  const front = partOf<FrontEnd>(loadBalancer.body, rule.frontendIPConfiguration.id);
  if (!front) return undefined;
  const { subnet, publicIPAddress } = front.properties;
  const members = poolMembers(poolOf(rule), context).filter(({ nic }) => nic.computed.machineId !== undefined);
  const networkId = subnet ? parentOf(subnet.id) : members[0] && networkIdOf(members[0].nic);
  const address = publicIPAddress
    ? context.store.live(publicIPAddress.id)?.computed.address
    : loadBalancer.computed.addresses?.[front.name];
  if (networkId === undefined || address === undefined) return undefined;
  const probe = rule.probe && projectProbe(loadBalancer, rule.probe.id);
  return {
    name,
    protocol: rule.protocol.toLowerCase() as BalancingRule["protocol"],
    address,
    public: publicIPAddress !== undefined,
    port: rule.frontendPort,
    backendPort: rule.backendPort ?? rule.frontendPort,
    networkId: keyOf(networkId),
    members: members.map(({ nic }) => keyOf(nic.computed.machineId!)),
    ...(probe && { probe }),
    distribution: rule.loadDistribution ?? "Default",
  };
}

function projectProbe(loadBalancer: LoadBalancerResource, id: string): Probe | undefined {
  const probe = partOf<ProbePart>(loadBalancer.body, id);
  if (!probe) return undefined;
  const { protocol, port, requestPath, intervalInSeconds = 15, probeThreshold } = probe.properties;
  return {
    id: keyOf(`${loadBalancer.id}/probes/${probe.name}`),
    protocol: protocol.toLowerCase() as Probe["protocol"],
    port,
    ...(requestPath !== undefined && { path: requestPath.startsWith("/") ? requestPath : `/${requestPath}` }),
    interval: intervalInSeconds,
    // Azure acts on probeThreshold; numberOfProbes is accepted and, as documented, ignored.
    threshold: probeThreshold ?? 1,
  };
}
