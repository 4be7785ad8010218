/** What the program tells Ansible. A machine that configures itself and a pushed run get exactly the same. */
import { agentPort, healthPath, healthPort } from "../environment/flows.ts";
import { secretNames, type MachineGroup, type Plan } from "../environment/plan.ts";

type Variables = Record<string, unknown>;

/** Variables of every machine of an environment. */
export function environmentVariables(plan: Plan): Variables {
  const { user, sshKeys, ranges } = plan.administrators;
  return {
    platform_stack: plan.stack,
    platform_environment: plan.environment,
    platform_domain: plan.domain,
    platform_private_domain: plan.privateDomain,
    platform_network: plan.network,
    platform_balancer_prefix: plan.balancerPrefix,
    platform_reverse_proxy_prefix: plan.reverseProxyPrefix,
    platform_health: { port: healthPort, path: healthPath, agent_port: agentPort },
    platform_administrators: { user, sshKeys, ranges },
    platform_tiers: Object.fromEntries(
      plan.tiers.map(({ name, prefix, instances, service }) => [name, { prefix, instances, ...(service ?? {}) }]),
    ),
  };
}

/** Variables of the machines of a group, which are of one kind and serve one tier. */
export function groupVariables(plan: Plan, group: MachineGroup): Variables {
  return {
    platform_kind: group.kind,
    platform_tier: group.tier,
    platform_applications: group.applications,
    platform_secrets: group.secrets,
    platform_secret_names: secretNames(group),
    ...(group.kind === plan.reverseProxy.kind ? { platform_routes: plan.reverseProxy.routes } : {}),
  };
}
