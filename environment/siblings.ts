/**
 * Checks between the stacks of a project: their inventories can be used together, and their networks be peered. Another
 * stack's own mistakes are told when that stack is used.
 */
import { overlaps, parseCidr } from "./address.ts";
import { groupsOfEnvironment } from "./groupNames.ts";
import { show, type Mistake } from "./mistakes.ts";
import type { Peer } from "./peers.ts";
import { environmentSchema } from "./schema.ts";
import { asObject } from "./untyped.ts";

/** Another stack of the project. */
export interface Sibling {
  /** For example `Pulumi.prod.yaml`. */
  file: string;
  /** Its `platform:environment`, unchecked. */
  environment: unknown;
}

/** The project's other environments, as far as their own files have no mistake; what passes to another one, its own check says. */
export function peersOf(siblings: readonly Sibling[]): Peer[] {
  return siblings.flatMap(({ file, environment }) => {
    const { data } = environmentSchema.safeParse(environment);
    return data ? [{ stack: file.replace(/^Pulumi\.|\.yaml$/g, ""), environment: data }] : [];
  });
}

/** What must be each environment's own, and is another one's too. */
export function checkSiblings(
  root: string,
  environment: Record<string, unknown>,
  siblings: readonly Sibling[],
  kinds: readonly string[],
): Mistake[] {
  return siblings.flatMap(({ file, environment: value }): Mistake[] => {
    const other = asObject(value);
    const mistake = (field: string, allowed: string) => ({
      path: `${root}.${field}`,
      given: show(environment[field]),
      allowed,
    });
    const shared = sharedGroup(environment, other, kinds);
    return [
      ...(same(environment, other, "name")
        ? [mistake("name", `a name of its own; ${file} has it already`)]
        : shared === undefined
          ? []
          : [mistake("name", `a name by which the Ansible group ${shared} is not also one of ${file}`)]),
      // A wider block overlaps with all; that it is no /16 is a mistake of its own.
      ...(typeof environment["network"] === "string" &&
      parseCidr(environment["network"])?.prefix === 16 &&
      typeof other["network"] === "string" &&
      overlaps(environment["network"], other["network"])
        ? [mistake("network", `a network of its own; ${file} has ${other["network"]}`)]
        : []),
      ...["domain", "privateDomain"]
        .filter((field) => same(environment, other, field))
        .map((field) => mistake(field, `a domain of its own; ${file} has it already`)),
    ];
  });
}

function same(a: Record<string, unknown>, b: Record<string, unknown>, field: string): boolean {
  return typeof a[field] === "string" && a[field] === b[field];
}

/** A group that both environments would have. A kind's own group has members in all environments. */
function sharedGroup(
  a: Record<string, unknown>,
  b: Record<string, unknown>,
  kinds: readonly string[],
): string | undefined {
  const [groups, others] = [a, b].map((environment) => {
    const { name, tiers } = environment;
    return typeof name === "string" ? groupsOfEnvironment(name, Object.keys(asObject(tiers)), kinds) : undefined;
  });
  return [...(groups ?? [])].find((group) => others?.has(group));
}
