/** How many machines a group has that Azure grows and shrinks. */
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../environment/cloud.ts";
import { resourceName } from "../environment/names.ts";
import type { MachineGroup } from "../environment/plan.ts";
import { connect } from "./arm.ts";

/**
 * The number of machines of a group now, within its limits; `instances` while there is no such group. Undefined for a
 * group without autoscale, whose number is the stack's.
 */
export function currentCapacity(
  cloud: Cloud,
  stack: string,
  resourceGroupName: pulumi.Input<string>,
  { name, instances, autoscale }: MachineGroup,
): pulumi.Output<number> | undefined {
  if (!autoscale) return undefined;
  const { minimum, maximum } = autoscale;
  return pulumi.output(resourceGroupName).apply(async (resourceGroup) => {
    const { compute } = await connect(cloud, {});
    try {
      const { sku } = await compute.virtualMachineScaleSets.get(resourceGroup, resourceName("scaleSet", stack, name));
      return Math.min(maximum, Math.max(minimum, sku?.capacity ?? instances));
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return instances;
      throw error;
    }
  });
}
