/**
 * What may differ between a preview and the apply of what it showed, by name. It follows from what stands at Azure, and
 * not from the program or its state: machines that were repaired or added since. Everything else is a difference.
 *
 * Two more things follow from what stands, accelerated networking and ports that move, and are not exempt: only an `up`
 * or somebody's own hand changes them.
 */
import type { StepState } from "./preview/events.ts";
import { isWithin, parsePath, type Path } from "./preview/paths.ts";
import { typeOf, typesOf } from "./urn.ts";

export interface Exemption {
  /** Why such a difference is none. */
  reason: string;
  /** Whether a resource may be meant, by its URN: what a record of another's says of it is not believed. */
  may: (urn: string) => boolean;
  /** Whether such a resource is meant, among all that the program has. Default: it is. */
  applies?: (resource: StepState, all: readonly StepState[]) => boolean;
  /** Properties that may differ. */
  paths: readonly Path[];
}

/** By their names, which records carry. */
export const exemptions: Readonly<Record<string, Exemption>> = {
  playbook: {
    reason: "the run of Ansible follows the machines that there are, and their addresses",
    may: (urn) => typesOf(urn).slice(-2).join("$") === "platform:configuration:Playbook$command:local:Command",
    // With the order of a replacement, which deletes nothing.
    paths: ["environment.PLATFORM_MACHINES", "triggers", "(deleteBeforeReplace)"].map(parsePath),
  },
  capacity: {
    reason: "the number of machines is autoscale's",
    may: (urn) => typeOf(urn) === "azure-native:compute:VirtualMachineScaleSet",
    applies: ({ parent }, all) =>
      all.some((other) => other.type === "azure-native:monitor:AutoscaleSetting" && other.parent === parent),
    paths: [parsePath("sku.capacity")],
  },
};

/** Names of the exemptions that may apply to a resource. */
export function exemptionsOfUrn(urn: string): string[] {
  return Object.keys(exemptions).filter((name) => exemptions[name]?.may(urn));
}

/** Names of the exemptions that apply to a resource. */
export function exemptionsOf(resource: StepState, all: readonly StepState[]): string[] {
  return exemptionsOfUrn(resource.urn).filter((name) => exemptions[name]?.applies?.(resource, all) ?? true);
}

/** Whether a change is one that these exemptions let differ. */
export function isExempt(path: string, names: readonly string[]): boolean {
  const parsed = parsePath(path);
  return names.some((name) => exemptions[name]?.paths.some((exempt) => isWithin(parsed, exempt)) === true);
}
