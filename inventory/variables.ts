/** What the program tells Ansible. A machine that configures itself and a pushed run get exactly the same. */
import { firstMachineHost, loadBalancerHost } from "../environment/address.ts";
import { agentPort, healthPath, healthPort } from "../environment/flows.ts";
import { secretNames, type MachineGroup } from "../environment/machineGroup.ts";
import type { Packages } from "../environment/packages.ts";
import type { Plan, PlannedService } from "../environment/plan.ts";
import { directoryUrl } from "../environment/reverseProxySchema.ts";
import type { VaultAccess } from "./vaultAccess.ts";

type Variables = Record<string, unknown>;

/** Variables of every machine of an environment. */
export function environmentVariables(plan: Plan, access: VaultAccess): Variables {
  const { user, sshKeys, ranges, authorities } = plan.administrators;
  return {
    platform_stack: plan.stack,
    platform_environment: plan.environment,
    platform_domain: plan.domain,
    platform_private_domain: plan.privateDomain,
    platform_network: plan.network,
    platform_balancer_address_prefix: plan.balancerAddressPrefix,
    platform_reverse_proxy_address_prefix: plan.reverseProxyAddressPrefix,
    platform_health: { port: healthPort, path: healthPath, agent_port: agentPort },
    // Azure keeps .0 to .3 and .255 of a subnet for itself, and .254 is the tier's load balancer.
    platform_machine_hosts: { first: firstMachineHost, last: loadBalancerHost - 1 },
    platform_administrators: { user, sshKeys, ranges, ...(authorities === undefined ? {} : { authorities }) },
    platform_tiers: Object.fromEntries(
      plan.tiers.map(({ name, addressPrefix, instances, machines, service, balancers }) => [
        name,
        {
          kind: machines.kind,
          address_prefix: addressPrefix,
          instances,
          least_instances: machines.autoscale?.minimum ?? instances,
          most_instances: machines.autoscale?.maximum ?? instances,
          ...(service ? endpoint(service) : {}),
          ...(balancers ? { balancers: balancers.instances } : {}),
        },
      ]),
    ),
    platform_reverse_proxies: plan.reverseProxy.instances,
    platform_store: { url: access.storeUrl },
    platform_vault: { uri: access.uri, refresh_seconds: plan.vault.refreshSeconds },
  };
}

/** What callers and balancers know of a service. */
const endpoint = ({ address, name, port, balance, concurrency }: PlannedService) => ({
  address,
  name,
  port,
  balance,
  concurrency,
});

/**
 * The ports of what runs on the machines of a group: the one on which it listens, and those that are served besides.
 * Only the tier's own port has any, since the load balancer knows no other.
 */
function servedPorts(plan: Plan, { name, tier, applications }: MachineGroup): Variables[] {
  const service = plan.tiers.find((other) => other.name === tier)?.service;
  const besides = (service?.ports ?? []).map(({ port }) => port).filter((port) => port !== service?.port);
  // Balancers have no applications; they serve the tier as one whose program is no application of ours does.
  const programs = applications.length > 0 ? applications : service ? [{ name, port: service.port }] : [];
  return programs.map(({ name: program, port }) => ({
    name: program,
    port,
    besides: port === service?.port ? besides : [],
  }));
}

/** Variables of the machines of a group, which are of one kind and serve one tier. */
export function groupVariables(plan: Plan, group: MachineGroup, access: VaultAccess): Variables {
  return {
    platform_kind: group.kind,
    platform_tier: group.tier,
    platform_processors: group.processors,
    platform_applications: group.applications,
    platform_ports: servedPorts(plan, group),
    platform_secrets: group.secrets,
    platform_secret_names: secretNames(group),
    platform_identity: access.clientIds[group.name],
    ...(group.packages ? { platform_packages: packageVariables(group.packages) } : {}),
    ...(group.kind === plan.reverseProxy.kind ? reverseProxyVariables(plan) : {}),
  };
}

function packageVariables({ repository, ...packages }: Packages): Variables {
  if (!repository) return packages;
  const { keyUrl, keyFingerprint, ...where } = repository;
  return { ...packages, repository: { ...where, key_url: keyUrl, key_fingerprint: keyFingerprint } };
}

function reverseProxyVariables({ reverseProxy }: Plan): Variables {
  const { routes, forwards, certificates, trustedProxies, clientLimit, tls } = reverseProxy;
  const { acme, redirect, strictTransportSecurity } = tls;
  return {
    platform_routes: routes,
    platform_forwards: forwards,
    // Machines of an environment without a public address end no TLS.
    platform_tls: {
      public: reverseProxy.public,
      redirect,
      strict_transport_security: strictTransportSecurity,
      certificates,
      ...(acme
        ? {
            acme: {
              directory: directoryUrl(acme.directory),
              ...(acme.contact === undefined ? {} : { contact: acme.contact }),
              ...(acme.profile === undefined ? {} : { profile: acme.profile }),
            },
          }
        : {}),
    },
    platform_trusted_proxies: trustedProxies,
    ...(clientLimit
      ? { platform_client_limit: { requests_per_second: clientLimit.requestsPerSecond, burst: clientLimit.burst } }
      : {}),
  };
}
