/** What the program tells Ansible. A machine that configures itself and a pushed run get exactly the same. */
import type { MachineGroup, Plan } from "../environment/plan.ts";

type Variables = Record<string, unknown>;

/** Variables of every machine of an environment. */
export function sharedVariables(plan: Plan): Variables {
  const { user, sshKeys, ranges } = plan.administrators;
  return {
    platform_stack: plan.stack,
    platform_environment: plan.environment,
    platform_domain: plan.domain,
    platform_private_domain: plan.privateDomain,
    platform_network: plan.network,
    platform_balancer_subnet: plan.balancerSubnet,
    platform_reverse_proxy_subnet: plan.reverseProxySubnet,
    platform_administrators: { user, sshKeys, ranges },
    platform_tiers: Object.fromEntries(
      plan.tiers.map(({ name, subnet, instances, service }) => [name, { subnet, instances, ...(service ?? {}) }]),
    ),
  };
}

/** Variables of all machines of one kind. */
export function kindVariables(plan: Plan, kind: string, group: MachineGroup): Variables {
  return {
    platform_kind: kind,
    platform_applications: group.applications,
    ...(kind === plan.reverseProxy.kind ? { platform_routes: plan.reverseProxy.routes } : {}),
  };
}

/** Variables in which machines of one kind differ: balancers of different tiers are of the same kind. */
export function machineVariables(group: MachineGroup): Variables {
  return { platform_tier: group.tier };
}
