import { expect, test } from "vitest";
import { machineGroups } from "../environment/plan.ts";
import { planOf } from "../environment/testing/stacks.ts";
import { fixedPropertyMistakes } from "./fixedProperties.ts";
import type { StandingScaleSet } from "./standingScaleSets.ts";

const plan = planOf("prod");

/** prod's scale sets as the program makes them, with changes to some. */
function standing(changes: Record<string, Partial<StandingScaleSet>> = {}): Map<string, StandingScaleSet> {
  return new Map(
    machineGroups(plan).map(({ name, instances, repair, trustedLaunch }) => [
      `vmss-platform-prod-${name}`,
      {
        capacity: instances,
        zones: ["1", "2", "3"],
        user: "platform",
        trustedLaunch,
        acceleratedNetworking: true,
        repairAction: repair.action,
        ...changes[name],
      },
    ]),
  );
}

test("what exists as it was made is taken, and so is what does not exist yet", () => {
  expect(fixedPropertyMistakes(plan, standing())).toEqual([]);
  expect(fixedPropertyMistakes(plan, new Map())).toEqual([]);
});

test("the order of zones means nothing, and neither does what Azure does not tell", () => {
  const reordered = { ...plan.tiers[0]!, machines: { ...plan.tiers[0]!.machines } };
  reordered.machines.scaleSets = [{ name: "back", instances: 3, zones: ["3", "1", "2"] }];
  const tiers = [reordered, ...plan.tiers.slice(1)];
  const sets = standing({ front: { user: undefined, repairAction: undefined } });
  expect(fixedPropertyMistakes({ ...plan, tiers }, sets)).toEqual([]);
});

test("each setting that Azure would not change is told once, with the scale sets that have another one", () => {
  const sets = standing({
    front: { user: "admin", zones: ["1"], trustedLaunch: false },
    data: { user: "admin", trustedLaunch: false },
  });
  expect(fixedPropertyMistakes(plan, sets)).toEqual([
    {
      path: "platform:administrators.user",
      given: '"platform"',
      allowed: '"admin", with which the machines of vmss-platform-prod-data, vmss-platform-prod-front were born',
    },
    {
      path: "platform:environment.zones",
      given: '["1","2","3"]',
      allowed: '["1"], in which vmss-platform-prod-front and the addresses in front of them were made',
    },
    {
      path: "platform:environment.trustedLaunch",
      given: "true",
      allowed:
        "false for machines of vmss-platform-prod-data, vmss-platform-prod-front, which were made without it; " +
        "for the whole environment, or in the settings of a tier, `balancers` or `reverseProxy`",
    },
  ]);
});

test("another action of repairs is told with the command after which it can be changed", () => {
  expect(fixedPropertyMistakes(plan, standing({ "reverse-proxy": { repairAction: "Restart" } }))).toEqual([
    {
      path: "platform:environment.reverseProxy.repair.action",
      given: '"Replace"',
      allowed:
        '"Restart" while repairs of vmss-platform-prod-reverse-proxy are on. Turn them off, and `pulumi up` turns ' +
        "them on again with the new action:\n" +
        "      az vmss update -g rg-platform-prod -n vmss-platform-prod-reverse-proxy --enable-automatic-repairs false",
    },
  ]);
});
