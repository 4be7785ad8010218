/** What no rule knows is made by nobody: a virtual machine with an address of its own would pass all the others. */
import type { Rule } from "../rule.ts";
import { otherTypes, types } from "../types.ts";

const known: readonly string[] = [...Object.values(types), ...otherTypes];
/** The engine's own, and the program's components. */
const harmless = /^(pulumi:(pulumi:Stack$|providers:)|platform:)/;

export const knownTypes: Rule = {
  name: "known-types",
  asks: "Only types that rules know are made: no machine, rule or role by itself, nothing by another provider",
  ids: ["CKV_AZURE_39", "AZU-0030", "AZU-0052"],
  types: "all",
  check: ({ type }) =>
    known.includes(type) || harmless.test(type)
      ? []
      : [`type: given ${type}, allowed are those of policy/types.ts; add it there, and the rules that it needs`],
};
