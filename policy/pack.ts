/** The policy pack: `pulumi preview --policy-pack policy`. README.md has every rule, and what others call it. */
import { join } from "node:path";
import { PolicyPack } from "@pulumi/policy";
import { policyOf } from "./policyOf.ts";
import { rules, stackRules } from "./rules/index.ts";
import { readWaivers, today, waiverRule } from "./waivers.ts";

const names = [...rules, ...stackRules].map(({ name }) => name);
const { policies: waivers } = readWaivers(join(import.meta.dirname, "waivers.yaml"), names);

new PolicyPack("platform", {
  enforcementLevel: "mandatory",
  policies: [...rules, ...stackRules, waiverRule(waivers, today())].map((rule) => policyOf(rule, waivers, today())),
});
