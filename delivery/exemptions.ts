/**
 * What may differ between a preview and the apply of what it showed, by name. It follows from what stands at Azure, and
 * not from the program or its state: machines that were repaired or added since. Everything else is a difference.
 *
 * Two more things follow from what stands, accelerated networking and ports that move, and are not exempt: only an `up`
 * or somebody's own hand changes them.
 */
import type { StepState } from "./preview/events.ts";
import { isWithin, parsePath, type Path } from "./preview/paths.ts";

export interface Exemption {
  /** Why such a difference is none. */
  reason: string;
  /** Whether a resource is meant, among all that the program has. */
  applies: (resource: StepState, all: readonly StepState[]) => boolean;
  /** Properties that may differ. */
  paths: readonly Path[];
}

const typeOf = (urn: string) => urn.split("::")[2]?.split("$").at(-1) ?? "";

/** By their names, which records carry. */
export const exemptions: Readonly<Record<string, Exemption>> = {
  playbook: {
    reason: "the run of Ansible follows the machines that there are, and their addresses",
    applies: ({ type, parent = "" }) =>
      type === "command:local:Command" && typeOf(parent) === "platform:configuration:Playbook",
    paths: ["environment.PLATFORM_CONTENT", "triggers"].map(parsePath),
  },
  capacity: {
    reason: "the number of machines is autoscale's",
    applies: ({ type, parent }, all) =>
      type === "azure-native:compute:VirtualMachineScaleSet" &&
      all.some((other) => other.type === "azure-native:monitor:AutoscaleSetting" && other.parent === parent),
    paths: [parsePath("sku.capacity")],
  },
};

/** Names of the exemptions that apply to a resource. */
export function exemptionsOf(resource: StepState, all: readonly StepState[]): string[] {
  return Object.entries(exemptions).flatMap(([name, { applies }]) => (applies(resource, all) ? [name] : []));
}

/** Whether a change is one that these exemptions let differ. */
export function isExempt(path: string, names: readonly string[]): boolean {
  const parsed = parsePath(path);
  return names.some((name) => exemptions[name]?.paths.some((exempt) => isWithin(parsed, exempt)) === true);
}
