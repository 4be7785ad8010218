/** Where secrets are. */
import { wideRanges } from "../blocks.ts";
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at, must, mustHave, mustNot } from "../values.ts";

export const rules: Rule[] = [
  {
    name: "vault-purge-protection",
    asks: "What is deleted of a vault can be had back for 90 days, and nobody can shorten that",
    ids: [
      ...["Azure.KeyVault.PurgeProtect", "Azure.KeyVault.SoftDelete"],
      ...["CKV_AZURE_42", "CKV_AZURE_110", "CKV_AZURE_111", "AZU-0016"],
    ],
    types: [types.vault],
    check: ({ inputs }) => [
      ...must(inputs, "properties.enablePurgeProtection", true),
      ...must(inputs, "properties.enableSoftDelete", true, undefined),
      ...must(inputs, "properties.softDeleteRetentionInDays", 90, undefined),
    ],
  },
  {
    name: "vault-firewall",
    asks: "A vault answers the machines' subnets, known senders, and Azure's own trusted services only",
    ids: ["Azure.KeyVault.Firewall", "CKV_AZURE_109", "CKV_AZURE_189", "CKV2_AZURE_32", "AZU-0013"],
    types: [types.vault],
    check: ({ inputs }) =>
      at(inputs, "properties.publicNetworkAccess") === "Disabled"
        ? []
        : [
            ...must(inputs, "properties.networkAcls.defaultAction", "Deny"),
            // Resource Manager writes the secrets of the program.
            ...must(inputs, "properties.networkAcls.bypass", "AzureServices"),
            ...wideRanges(inputs, "properties.networkAcls.ipRules", "value"),
          ],
  },
  {
    name: "vault-rbac",
    asks: "Rights in a vault are Azure's roles, given secret by secret; it has no access policies",
    ids: ["Azure.KeyVault.RBAC", "Azure.KeyVault.AccessPolicy"],
    types: [types.vault],
    check: ({ inputs }) => [
      ...must(inputs, "properties.enableRbacAuthorization", true),
      ...mustNot(inputs, "properties.accessPolicies"),
    ],
  },
  {
    name: "vault-uses",
    asks: "Deployments, disks and templates of Azure read nothing in a vault",
    ids: [],
    types: [types.vault],
    check: ({ inputs }) =>
      ["enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment"].flatMap((use) =>
        must(inputs, `properties.${use}`, false, undefined),
      ),
  },
  {
    name: "secret-content-type",
    asks: "A secret says what it is",
    ids: ["CKV_AZURE_114", "AZU-0015"],
    types: [types.secret],
    check: ({ inputs }) => mustHave(inputs, "properties.contentType", "a content type, for example application/json"),
  },
  {
    name: "secret-expiry",
    asks: "A secret has a day on which it expires",
    ids: ["CKV_AZURE_41", "AZU-0017"],
    types: [types.secret],
    check: ({ inputs }) => mustHave(inputs, "properties.attributes.expires", "seconds since 1970"),
  },
  {
    name: "secret-enabled",
    asks: "A secret that the program has is one that machines can read",
    ids: [],
    types: [types.secret],
    check: ({ inputs }) => must(inputs, "properties.attributes.enabled", true, undefined),
  },
];
