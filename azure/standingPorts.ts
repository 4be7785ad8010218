/** The ports of the load balancers that stand, and the end of a move from one port to another. */
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../environment/cloud.ts";
import { resourceName } from "../environment/names.ts";
import type { Plan } from "../environment/plan.ts";
import { portTag, type StandingPorts } from "../environment/portMoves.ts";
import { connect } from "./arm.ts";
import { listPorts } from "./ports.ts";

/** Ports of the load balancers in a resource group, by the load balancers' names. */
export async function standingPorts(cloud: Cloud, resourceGroup: string): Promise<ReadonlyMap<string, StandingPorts>> {
  return listPorts(await connect(cloud, {}), resourceGroup);
}

/**
 * Says at the load balancers whose ports move that Ansible has succeeded: every machine serves every port, every caller
 * calls the right one. A preview says nothing.
 *
 * @param run Whether the run of Ansible has succeeded. Never known where it failed.
 * @returns What moves, by tier, in words.
 */
export function endMoves(
  cloud: Cloud,
  { stack, tiers }: Plan,
  run: pulumi.Output<boolean>,
): pulumi.Output<Record<string, string>> {
  const moves = tiers.flatMap(({ name, service }) => (service?.moving ? [{ name, service }] : []));
  const words = Object.fromEntries(
    moves.map(({ name, service: { port, leaving } }) => [
      name,
      leaving.length === 0 ? `serves ${port}` : `moves to ${port}; still serves ${leaving.join(", ")}`,
    ]),
  );
  for (const { name, service } of moves) {
    if (service.leaving.length === 0) continue;
    const ports = service.leaving.join(", ");
    void pulumi.log.warn(
      `tier ${name} moves to port ${service.port}; ${ports} stays open until the \`pulumi up\` after a run of Ansible ` +
        "that succeeded, so run it once more",
    );
  }
  if (moves.length === 0 || pulumi.runtime.isDryRun()) return pulumi.output(words);
  return run.apply(async (succeeded) => {
    if (!succeeded) return words;
    const { network } = await connect(cloud, {});
    const resourceGroup = resourceName("resourceGroup", stack);
    for (const { name, service } of moves) {
      const loadBalancer = resourceName("internalLoadBalancer", stack, name);
      const { tags } = await network.loadBalancers.get(resourceGroup, loadBalancer);
      await network.loadBalancers.updateTags(resourceGroup, loadBalancer, {
        tags: { ...tags, [portTag]: `${service.port}` },
      });
    }
    return words;
  });
}
