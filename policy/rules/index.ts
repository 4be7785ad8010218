/** All rules, theme by theme. */
import type { Rule, StackRule } from "../rule.ts";
import * as customData from "./customData.ts";
import * as dns from "./dns.ts";
import { knownTypes } from "./knownTypes.ts";
import * as loadBalancers from "./loadBalancers.ts";
import * as naming from "./names.ts";
import * as ownResources from "./ownResources.ts";
import * as peerings from "./peerings.ts";
import * as publicAddresses from "./publicAddresses.ts";
import * as rights from "./rights.ts";
import * as scaleSets from "./scaleSets.ts";
import * as securityGroups from "./securityGroups.ts";
import * as storage from "./storage.ts";
import * as subnets from "./subnets.ts";
import * as tags from "./tags.ts";
import * as vaults from "./vaults.ts";
import * as zones from "./zones.ts";

export const rules: readonly Rule[] = [
  knownTypes,
  ...publicAddresses.rules,
  ...securityGroups.rules,
  ...subnets.rules,
  ...peerings.rules,
  ...loadBalancers.rules,
  ...scaleSets.rules,
  ...customData.rules,
  ...vaults.rules,
  ...storage.rules,
  ...rights.rules,
  ...dns.rules,
  ...zones.rules,
  ...tags.rules,
  ...naming.rules,
];

export const stackRules: readonly StackRule[] = [
  ...publicAddresses.stackRules,
  ...securityGroups.stackRules,
  ...peerings.stackRules,
  ...ownResources.stackRules,
  ...storage.stackRules,
  ...zones.stackRules,
  ...tags.stackRules,
];

/** Names of the policies that may be waived. */
export const names = [...rules, ...stackRules].map(({ name }) => name);
