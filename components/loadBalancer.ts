/** What public and private load balancers have in common: sub-resource IDs, the probe and the shape of a rule. */
import * as pulumi from "@pulumi/pulumi";
import type { LoadBalancer } from "@pulumi/azure-native/network/loadBalancer.js";
import { healthPath, healthPort } from "../environment/flows.ts";
import { frontendZones } from "./zones.ts";

/** Name of the one frontend, and of the pool of the machines that serve. */
export const frontendName = "frontend";
export const poolName = "members";

/**
 * IDs of a load balancer's parts. Rules refer to parts of the load balancer that they are created with, so the IDs
 * must be known before it exists.
 */
export function partIds(resourceGroupId: pulumi.Input<string>, loadBalancer: string) {
  const id = pulumi.interpolate`${resourceGroupId}/providers/Microsoft.Network/loadBalancers/${loadBalancer}`;
  return {
    frontend: pulumi.interpolate`${id}/frontendIPConfigurations/${frontendName}`,
    pool: (name: string) => pulumi.interpolate`${id}/backendAddressPools/${name}`,
    probe: (name: string) => pulumi.interpolate`${id}/probes/${name}`,
  };
}

/** A frontend at a fixed address of a subnet. */
export function privateFrontend(
  address: string,
  { subnetId, zones }: { subnetId: pulumi.Input<string>; zones: readonly string[] },
) {
  return {
    privateIPAddress: address,
    privateIPAllocationMethod: "Static",
    privateIPAddressVersion: "IPv4",
    subnet: { id: subnetId },
    zones: frontendZones(zones),
  };
}

/** The address of a load balancer's private frontend, known once it is there. */
export function privateAddressOf({ frontendIPConfigurations }: LoadBalancer, planned: string): pulumi.Output<string> {
  return frontendIPConfigurations.apply((frontends) => frontends?.[0]?.privateIPAddress ?? planned);
}

/** Asks each member's health endpoint; a member is out after two answers other than 200. */
export const healthProbe = {
  name: "health",
  protocol: "Http",
  port: healthPort,
  requestPath: healthPath,
  intervalInSeconds: 5,
  probeThreshold: 2,
};

/**
 * A rule that passes a TCP port on to the same port of a pool's machines, by the hash of the connection's five-tuple.
 * To the same: Azure refuses two rules that pass on to one port of one pool.
 */
export function balancingRule(
  name: string,
  port: number,
  probe: string,
  ids: ReturnType<typeof partIds>,
  options: { pool: string; disableOutboundSnat: boolean },
) {
  return {
    name,
    protocol: "Tcp",
    frontendPort: port,
    backendPort: port,
    frontendIPConfiguration: { id: ids.frontend },
    backendAddressPool: { id: ids.pool(options.pool) },
    probe: { id: ids.probe(probe) },
    loadDistribution: "Default",
    idleTimeoutInMinutes: 4,
    enableTcpReset: true,
    enableFloatingIP: false,
    disableOutboundSnat: options.disableOutboundSnat,
  };
}
