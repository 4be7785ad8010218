/** Microsoft.Storage/storageAccounts/managementPolicies: an account has one, called `default`, or none. */
import { z } from "zod";
import { ArmError } from "../errors.ts";
import { nameOf, parentOf } from "../ids.ts";
import type { ResourceType } from "../resourceType.ts";
import { choice, envelope, lacking, readOnly } from "../schema.ts";
import { types } from "../typeNames.ts";
import { storageVersions } from "./storageVersions.ts";

const tiers = lacking("access tiers");

const versionActions = z.strictObject({
  delete: z.strictObject({
    daysAfterCreationGreaterThan: z.int().min(0, "An age is not negative"),
    daysAfterLastTierChangeGreaterThan: tiers,
  }),
  tierToCool: tiers,
  tierToArchive: tiers,
  tierToCold: tiers,
  tierToHot: tiers,
});

const rule = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9]{1,256}$/, "A rule's name has 1-256 letters and digits"),
  enabled: z.boolean().optional(),
  type: choice("Lifecycle"),
  definition: z.strictObject({
    filters: z.strictObject({
      blobTypes: z.array(choice("blockBlob", "appendBlob")).min(1, "At least one type of blob is needed"),
      prefixMatch: lacking("filters by prefix"),
      blobIndexMatch: lacking("filters by index tags"),
    }),
    actions: z
      .strictObject({
        version: versionActions.optional(),
        // Azurite has what these would have to act on.
        baseBlob: lacking("actions on what is current"),
        snapshot: lacking("actions on snapshots"),
      })
      .refine(({ version }) => version !== undefined, "At least one action is needed"),
  }),
});

/** It is kept and told; Azurite keeps no versions that could be deleted. */
const policyBody = z.strictObject({
  ...envelope,
  properties: z.strictObject({
    policy: z.strictObject({
      rules: z
        .array(rule)
        .min(1, "At least one rule is needed")
        .max(100, "At most 100 rules are allowed")
        .refine(
          (rules) => new Set(rules.map(({ name }) => name)).size === rules.length,
          "Names of rules must be unique within a policy",
        ),
    }),
    ...readOnly("lastModifiedTime"),
  }),
});

export const managementPolicies: ResourceType<z.infer<typeof policyBody>> = {
  type: types.managementPolicy,
  dialect: "storage",
  apiVersions: storageVersions,
  location: "inherited",
  name: {
    pattern: /^default$/,
    rule: "The management policy of a storage account is called default",
    status: 404,
    code: "HttpResourceNotFound",
  },
  schema: policyBody,
  asynchronous: false,
  made: 200,
  patch: "none",
  missing: (id) =>
    new ArmError(404, "ManagementPolicyNotFound", `No ManagementPolicy found for account ${nameOf(parentOf(id))}`),
  prepare: ({ computed }, { nowMilliseconds }) => {
    computed.written = nowMilliseconds();
  },
  render: ({ body, computed }) => ({
    name: "DefaultManagementPolicy",
    properties: { ...body.properties, lastModifiedTime: new Date(computed.written!).toISOString() },
  }),
};
