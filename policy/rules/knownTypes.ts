/** What no rule knows is made by nobody: a virtual machine with an address of its own would pass all the others. */
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";

const known: readonly string[] = Object.values(types);

export const knownTypes: Rule = {
  name: "known-types",
  asks: "Only types of resources are made that rules know: no machine, rule, role or network interface by itself",
  ids: ["CKV_AZURE_39", "AZU-0030", "AZU-0052"],
  types: "all",
  check: ({ type }) =>
    type.startsWith("azure-native:") && !known.includes(type)
      ? [`type: given ${type}, allowed are those of policy/types.ts; add it there, and the rules that it needs`]
      : [],
};
