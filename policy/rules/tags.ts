/** What a resource says of itself. */
import type { Rule, StackRule } from "../rule.ts";
import { types } from "../types.ts";
import { at, must, mustMatch, show } from "../values.ts";

/** Types that take no tags. Records of zones have `metadata` in their place. */
const untagged: readonly string[] = [
  types.peering,
  types.subnet,
  types.roleAssignment,
  types.blobService,
  types.managementPolicy,
  types.blobContainer,
];
const withMetadata: readonly string[] = [types.record, types.privateRecord];
const tagged = Object.values(types).filter((type) => !untagged.includes(type));

const fieldOf = (type: string) => (withMetadata.includes(type) ? "metadata" : "tags");

export const rules: Rule[] = [
  {
    name: "tags",
    asks: "A resource says of which environment and tier it is, and what manages it",
    ids: ["Azure.Resource.UseTags", "Azure.Resource.RequiredTags", "Azure.Group.RequiredTags"],
    types: tagged,
    check: ({ type, inputs }) => {
      const field = fieldOf(type);
      return [
        ...["environment", "tier"].flatMap((tag) => mustMatch(inputs, `${field}.${tag}`, /./, "a name")),
        ...must(inputs, `${field}.managed-by`, "pulumi"),
      ];
    },
  },
];

export const stackRules: StackRule[] = [
  {
    name: "one-environment",
    asks: "All of a stack is of one environment",
    ids: ["Azure.Resource.UseTags"],
    checkStack: (resources) => {
      const tags = resources
        .filter(({ type }) => tagged.some((each) => each === type))
        .map((resource) => ({ resource, tag: at(resource.inputs, `${fieldOf(resource.type)}.environment`) }))
        .filter(({ tag }) => typeof tag === "string");
      const group = tags.find(({ resource }) => resource.type === types.resourceGroup)?.tag ?? tags[0]?.tag;
      return tags
        .filter(({ tag }) => tag !== group)
        .map(({ resource, tag }) => ({
          of: resource,
          message: `environment: given ${show(tag)}, allowed is the resource group's, ${show(group)}`,
        }));
    },
  },
];
