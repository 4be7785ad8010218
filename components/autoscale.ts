/** Adds and removes the machines of a scale set by their average CPU. */
import type * as pulumi from "@pulumi/pulumi";
import { AutoscaleSetting } from "@pulumi/azure-native/monitor/autoscaleSetting.js";
import { resourceName, tags } from "../environment/names.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";
import type { Autoscale } from "../environment/tierSchema.ts";
import type { EnvironmentArgs } from "./args.ts";

interface AutoscaleArgs extends EnvironmentArgs {
  machines: MachineGroup;
  autoscale: Autoscale;
  scaleSetId: pulumi.Input<string>;
}

/** The autoscale setting of a scale set. https://learn.microsoft.com/rest/api/monitor/autoscale-settings */
export function autoscaleSetting(name: string, args: AutoscaleArgs, opts: pulumi.CustomResourceOptions) {
  const { machines, autoscale, scaleSetId } = args;
  const settingName = resourceName("autoscale", args.stack, machines.name);
  const rule = (operator: "GreaterThan" | "LessThan", threshold: number, direction: "Increase" | "Decrease") => ({
    metricTrigger: {
      metricName: "Percentage CPU",
      metricResourceUri: scaleSetId,
      timeGrain: "PT1M",
      statistic: "Average" as const,
      timeWindow: "PT5M",
      timeAggregation: "Average" as const,
      operator,
      threshold,
    },
    scaleAction: { direction, type: "ChangeCount" as const, value: "1", cooldown: "PT5M" },
  });
  return new AutoscaleSetting(
    name,
    {
      autoscaleSettingName: settingName,
      name: settingName,
      resourceGroupName: args.resourceGroupName,
      // Azure's own default leaves the setting without effect.
      enabled: true,
      targetResourceUri: scaleSetId,
      profiles: [
        {
          name: "cpu",
          // Azure wants these numbers as text.
          capacity: {
            minimum: `${autoscale.minimum}`,
            maximum: `${autoscale.maximum}`,
            default: `${machines.instances}`,
          },
          rules: [
            rule("GreaterThan", autoscale.scaleOutAbove, "Increase"),
            rule("LessThan", autoscale.scaleInBelow, "Decrease"),
          ],
        },
      ],
      tags: tags(args.environment, machines.name),
    },
    opts,
  );
}
