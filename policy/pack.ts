/** The policy pack: `pulumi preview --policy-pack policy`. README.md has every rule, and what others call it. */
import { PolicyPack } from "@pulumi/policy";
import { policyOf } from "./policyOf.ts";
import { names, rules, stackRules } from "./rules/index.ts";
import { readWaivers, today, waiverRule } from "./waivers.ts";

const { policies: waivers } = readWaivers(names);
const day = today();

new PolicyPack("platform", {
  enforcementLevel: "mandatory",
  policies: [...rules, ...stackRules, waiverRule(waivers, day)].map((rule) => policyOf(rule, waivers, day)),
});
