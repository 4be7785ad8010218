/** What a storage account's PUT may hold. */
import { z } from "zod";
import type { Introduced } from "../apiVersions.ts";
import { parseAddress, parseBlock } from "../addresses.ts";
import { choice, ignored, issue, lacking, none, readOnly, tracked } from "../schema.ts";

const skuNames = [
  ...(["Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS"] as const),
] as const;

const privateBlocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((block) => parseBlock(block)!);

/** Public addresses, and blocks of more than two of them. */
const publicRange = z.string().superRefine((value, context) => {
  const address = parseAddress(value.split("/")[0]!);
  const isBlock = value.includes("/") && (parseBlock(value)?.bits ?? 32) <= 30;
  const isPrivate = privateBlocks.some(
    ({ first, last }) => address !== undefined && address >= first && address <= last,
  );
  if ((isBlock || (!value.includes("/") && address !== undefined)) && !isPrivate) return;
  issue(
    context,
    "InvalidValuesForRequestParameters",
    "Values for request parameters are invalid: networkAcls.ipRule[*].value. For more information, see - https://aka.ms/storagenetworkruleset",
  );
});

const allow = choice("Allow").optional();

export const networkAcls = z.strictObject({
  bypass: z.string().optional(),
  defaultAction: choice("Allow", "Deny"),
  ipRules: z.array(z.strictObject({ value: publicRange, action: allow })).optional(),
  virtualNetworkRules: z.array(z.strictObject({ id: z.string(), action: allow, state: ignored })).optional(),
  resourceAccessRules: none("resource instances that are admitted to storage accounts"),
  ipv6Rules: none("IPv6"),
});

export const accountBody = z.strictObject({
  ...tracked,
  kind: choice("StorageV2"),
  sku: z.strictObject({ name: choice(...skuNames), tier: ignored }),
  identity: lacking("identities of storage accounts"),
  extendedLocation: lacking("extended locations"),
  zones: lacking("zones of storage accounts"),
  placement: lacking("placements"),
  properties: z
    .strictObject({
      accessTier: choice("Hot", "Cool", "Cold").optional(),
      allowBlobPublicAccess: z.boolean().optional(),
      allowCrossTenantReplication: z.boolean().optional(),
      allowSharedKeyAccess: z.boolean().optional(),
      defaultToOAuthAuthentication: z.boolean().optional(),
      minimumTlsVersion: choice("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3").optional(),
      networkAcls: networkAcls.optional(),
      publicNetworkAccess: choice("Enabled", "Disabled").optional(),
      // Clients send Azure's own way of encryption, which is the only one here.
      encryption: ignored,
      supportsHttpsTrafficOnly: z.literal(true, "The lab's storage accounts are reached by HTTPS only").optional(),
      dnsEndpointType: z.literal("Standard", "The lab has no DNS zones of storage accounts").optional(),
      isHnsEnabled: z.literal(false, "The lab has no hierarchical namespaces").optional(),
      isNfsV3Enabled: z.literal(false, "The lab has no NFS").optional(),
      isSftpEnabled: z.literal(false, "The lab has no SFTP").optional(),
      isLocalUserEnabled: z.boolean().optional(),
      largeFileSharesState: z.string().optional(),
      allowedCopyScope: lacking("copy scopes of storage accounts"),
      azureFilesIdentityBasedAuthentication: lacking("files"),
      customDomain: lacking("custom domains of storage accounts"),
      enableExtendedGroups: lacking("files"),
      immutableStorageWithVersioning: lacking("immutable blobs"),
      keyPolicy: lacking("key policies of storage accounts"),
      routingPreference: lacking("routing preferences"),
      sasPolicy: lacking("policies of shared access signatures"),
      turboTier: lacking("turbo tiers"),
      dualStackEndpointPreference: lacking("IPv6"),
      geoPriorityReplicationStatus: lacking("replication"),
      allowSharedKeyAccessForServices: lacking("shared key access by service"),
      dataCollaborationPolicyProperties: lacking("data collaboration"),
      allowCrossTenantDelegationSas: lacking("other tenants"),
      ...readOnly(
        "provisioningState",
        "primaryEndpoints",
        "primaryLocation",
        "statusOfPrimary",
        "lastGeoFailoverTime",
        "secondaryLocation",
        "secondaryEndpoints",
        "statusOfSecondary",
        "creationTime",
        "keyCreationTime",
        "geoReplicationStats",
        "failoverInProgress",
        "privateEndpointConnections",
        "blobRestoreStatus",
        "isSkuConversionBlocked",
        "accountMigrationInProgress",
        "storageAccountSkuConversionStatus",
      ),
    })
    .default({}),
});

export type AccountBody = z.infer<typeof accountBody>;

export const accountIntroduced: Introduced = {
  "properties.accessTier=Cold": "2024-01-01",
  "properties.minimumTlsVersion=TLS1_3": "2023-05-01",
};
