/** What Azure does not change of scale sets that exist: told before anything is changed, not in the middle. Pure. */
import { show, type Mistake } from "../environment/mistakes.ts";
import { resourceName } from "../environment/names.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";
import { machineGroups, type Plan } from "../environment/plan.ts";
import type { StandingScaleSet } from "./standingScaleSets.ts";

const root = "platform:environment";

/** A planned group of machines beside one of its scale sets that exists. */
interface Pair {
  group: MachineGroup;
  /** Azure's name of the scale set. */
  name: string;
  zones: string[];
  scaleSet: StandingScaleSet;
}

/**
 * Every setting of the plan that Azure would refuse for the scale sets that exist. Settings of which Azure tells
 * nothing are taken for right.
 */
export function fixedPropertyMistakes(plan: Plan, standing: ReadonlyMap<string, StandingScaleSet>): Mistake[] {
  const pairs = pairsOf(plan, standing);
  return [...users(plan, pairs), ...zones(plan, pairs), ...security(pairs), ...repairs(plan, pairs)];
}

function pairsOf(plan: Plan, standing: ReadonlyMap<string, StandingScaleSet>): Pair[] {
  return machineGroups(plan).flatMap((group) =>
    group.scaleSets.flatMap((planned) => {
      const name = resourceName("scaleSet", plan.stack, planned.name);
      const scaleSet = standing.get(name);
      return scaleSet ? [{ group, name, zones: planned.zones, scaleSet }] : [];
    }),
  );
}

const namesOf = (pairs: readonly Pair[]) => pairs.map(({ name }) => name).join(", ");

function users(plan: Plan, pairs: readonly Pair[]): Mistake[] {
  const { user } = plan.administrators;
  const others = pairs.filter(({ scaleSet }) => scaleSet.user !== undefined && scaleSet.user !== user);
  const [first] = others;
  return first
    ? [
        {
          path: "platform:administrators.user",
          given: show(user),
          allowed: `${show(first.scaleSet.user)}, with which the machines of ${namesOf(others)} were born`,
        },
      ]
    : [];
}

function zones(plan: Plan, pairs: readonly Pair[]): Mistake[] {
  const others = pairs.filter((pair) => show([...pair.zones].sort()) !== show(pair.scaleSet.zones));
  const [first] = others;
  return first
    ? [
        {
          path: `${root}.zones`,
          given: show(plan.zones),
          allowed:
            `${show(first.scaleSet.zones)}, in which ${namesOf(others)} and the addresses in front of them ` +
            "were made",
        },
      ]
    : [];
}

function security(pairs: readonly Pair[]): Mistake[] {
  return [true, false].flatMap((wanted) => {
    const others = pairs.filter(
      ({ group, scaleSet }) => group.trustedLaunch === wanted && scaleSet.trustedLaunch !== wanted,
    );
    return others.length === 0
      ? []
      : [
          {
            path: `${root}.trustedLaunch`,
            given: show(wanted),
            allowed:
              `${!wanted} for machines of ${namesOf(others)}, which were made ${wanted ? "without" : "with"} it; ` +
              "for the whole environment, or in the settings of a tier, `balancers` or `reverseProxy`",
          },
        ];
  });
}

function repairs({ stack }: Plan, pairs: readonly Pair[]): Mistake[] {
  return pairs
    .filter(
      ({ group, scaleSet }) => scaleSet.repairAction !== undefined && scaleSet.repairAction !== group.repair.action,
    )
    .map(({ group, name, scaleSet }) => ({
      path: `${group.path}.repair.action`,
      given: show(group.repair.action),
      allowed:
        `${show(scaleSet.repairAction)} while repairs of ${name} are on. Turn them off, and \`pulumi up\` turns ` +
        "them on again with the new action:\n" +
        `      az vmss update -g ${resourceName("resourceGroup", stack)} -n ${name} --enable-automatic-repairs false`,
    }));
}
