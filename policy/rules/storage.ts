/** Where artifacts and backups are. */
import { wideRanges } from "../blocks.ts";
import type { Rule, StackRule } from "../rule.ts";
import { types } from "../types.ts";
import { at, items, must, mustMatch, mustNot, notYetKnown, show } from "../values.ts";

/** Days for which what was deleted can be had back, at least. */
const fewestDays = 7;

function kept(inputs: unknown, policy: string): string[] {
  const days = at(inputs, `${policy}.days`);
  return [
    ...must(inputs, `${policy}.enabled`, true),
    ...must(inputs, `${policy}.allowPermanentDelete`, false, undefined),
    ...(days === notYetKnown || (typeof days === "number" && days >= fewestDays)
      ? []
      : [`${policy}.days: given ${show(days)}, allowed are ${fewestDays} or more`]),
  ];
}

export const rules: Rule[] = [
  {
    name: "storage-https",
    asks: "A storage account is reached by HTTPS only",
    ids: ["Azure.Storage.SecureTransfer", "CKV_AZURE_3", "AZU-0008", "AZU-0059"],
    types: [types.storageAccount],
    check: ({ inputs }) => must(inputs, "enableHttpsTrafficOnly", true),
  },
  {
    name: "storage-tls",
    asks: "A storage account speaks TLS 1.2 or newer",
    ids: ["Azure.Storage.MinTLS", "CKV_AZURE_44", "AZU-0011", "AZU-0059"],
    types: [types.storageAccount],
    check: ({ inputs }) => must(inputs, "minimumTlsVersion", "TLS1_2", "TLS1_3"),
  },
  {
    name: "storage-shared-key",
    asks: "A storage account has no keys, and no signatures made by keys: everybody is known by their identity",
    ids: ["Azure.Storage.LocalAuth", "CKV2_AZURE_40", "CKV2_AZURE_41"],
    types: [types.storageAccount],
    check: ({ inputs }) => [
      ...must(inputs, "allowSharedKeyAccess", false),
      ...must(inputs, "isLocalUserEnabled", false, undefined),
      ...must(inputs, "isSftpEnabled", false, undefined),
      ...must(inputs, "enableNfsV3", false, undefined),
    ],
  },
  {
    name: "storage-no-public-blobs",
    asks: "Nobody reads a blob without having logged in",
    ids: [
      "Azure.Storage.BlobPublicAccess",
      "Azure.Storage.BlobAccessType",
      "CKV_AZURE_34",
      "CKV_AZURE_190",
      "AZU-0007",
    ],
    types: [types.storageAccount, types.blobContainer],
    check: ({ type, inputs }) =>
      type === types.storageAccount
        ? must(inputs, "allowBlobPublicAccess", false)
        : must(inputs, "publicAccess", "None", undefined),
  },
  {
    name: "storage-firewall",
    asks: "A storage account answers the machines' subnets, known senders, and Azure's own trusted services only",
    ids: [
      "Azure.Storage.Firewall",
      "CKV_AZURE_35",
      "CKV_AZURE_36",
      "CKV_AZURE_59",
      "CKV2_AZURE_33",
      "AZU-0010",
      "AZU-0012",
    ],
    types: [types.storageAccount],
    check: ({ inputs }) =>
      at(inputs, "publicNetworkAccess") === "Disabled"
        ? []
        : [
            ...must(inputs, "networkRuleSet.defaultAction", "Deny"),
            ...must(inputs, "networkRuleSet.bypass", "AzureServices"),
            ...wideRanges(inputs, "networkRuleSet.ipRules", "iPAddressOrRange"),
            ...mustNot(inputs, "networkRuleSet.resourceAccessRules"),
          ],
  },
  {
    name: "storage-tenant",
    asks: "Nothing is copied into another tenant",
    ids: [],
    types: [types.storageAccount],
    check: ({ inputs }) => [
      ...must(inputs, "allowCrossTenantReplication", false),
      ...must(inputs, "allowedCopyScope", undefined, "AAD", "PrivateLink"),
    ],
  },
  {
    name: "storage-kind",
    asks: "A storage account is a general-purpose one of the second version, in a Standard SKU",
    ids: [],
    types: [types.storageAccount],
    check: ({ inputs }) => [
      ...must(inputs, "kind", "StorageV2"),
      ...mustMatch(inputs, "sku.name", /^Standard_/, "Standard_..."),
    ],
  },
  {
    name: "storage-soft-delete",
    asks: "What was overwritten or deleted of a storage account can be had back",
    ids: ["Azure.Storage.SoftDelete", "Azure.Storage.ContainerSoftDelete", "CKV2_AZURE_38", "AZU-0056"],
    types: [types.blobService],
    check: ({ inputs }) => [
      ...must(inputs, "isVersioningEnabled", true),
      ...kept(inputs, "deleteRetentionPolicy"),
      ...kept(inputs, "containerDeleteRetentionPolicy"),
      ...mustNot(inputs, "cors.corsRules"),
    ],
  },
  {
    name: "storage-lifecycle",
    asks: "What is current in a storage account is never deleted for its age",
    ids: [],
    types: [types.managementPolicy],
    check: ({ inputs }) =>
      items(inputs, "policy.rules").flatMap((rule) => mustNot(rule, "definition.actions.baseBlob.delete")),
  },
];

export const stackRules: StackRule[] = [
  {
    name: "storage-history",
    asks: "Every storage account says how long it keeps what was deleted, and when versions end",
    ids: ["Azure.Storage.SoftDelete", "Azure.Storage.ContainerSoftDelete"],
    checkStack: (resources) =>
      [types.blobService, types.managementPolicy].flatMap((needed) => {
        const having = new Set(resources.flatMap(({ type, madeOf }) => (type === needed ? madeOf("accountName") : [])));
        return resources
          .filter(({ type, urn }) => type === types.storageAccount && !having.has(urn))
          .map((of) => ({ of, message: `${needed.split(":").at(-1)}: given none, allowed is one of the account` }));
      }),
  },
];
