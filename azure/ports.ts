/** The ports of load balancers, as ARM lists them. */
import { portsOf, portTag, type StandingPorts } from "../environment/portMoves.ts";
import type { Arm } from "./arm.ts";

/** Ports of the load balancers in a resource group, by the load balancers' names. */
export async function listPorts(
  { network }: Pick<Arm, "network">,
  resourceGroup: string,
): Promise<ReadonlyMap<string, StandingPorts>> {
  const standing = new Map<string, StandingPorts>();
  for await (const { name, loadBalancingRules = [], tags } of network.loadBalancers.list(resourceGroup)) {
    if (name === undefined) continue;
    const rules = loadBalancingRules.flatMap(({ name: rule, frontendPort }): [number, string][] =>
      rule === undefined || frontendPort === undefined ? [] : [[frontendPort, rule]],
    );
    standing.set(name, portsOf(new Map(rules), tags?.[portTag]));
  }
  return standing;
}
