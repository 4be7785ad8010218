/** Where the environment keeps artifacts and backups, and machines agree on who renews certificates. */
import * as pulumi from "@pulumi/pulumi";
import type { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import { BlobContainer } from "@pulumi/azure-native/storage/blobContainer.js";
import { BlobServiceProperties } from "@pulumi/azure-native/storage/blobServiceProperties.js";
import { ManagementPolicy } from "@pulumi/azure-native/storage/managementPolicy.js";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import { hostAddress, parseCidr, publicBlocks, type Cidr } from "../environment/address.ts";
import { accountName, tags } from "../environment/names.ts";
import type { PlannedIdentity } from "../environment/plan.ts";
import { containerRights, containers } from "../environment/rights.ts";
import { refuse, unless, type EnvironmentArgs } from "./args.ts";
import { assignRole, unknownPrincipals } from "./rights.ts";

/** What a storage account is made of. */
export interface StorageArgs extends EnvironmentArgs {
  /** Name of the account, unique in all of Azure. A change makes another account, and leaves this one as it is. */
  accountName: string;
  /** Availability zones of the environment; none where the region has none. Copies are kept in all zones of the region. */
  zones: readonly string[];
  /** Resource IDs of the subnets from which the account answers; each has the service endpoint Microsoft.Storage. */
  subnetIds: pulumi.Input<string>[];
  /** Blocks of the administrators; private ones are left out, since Azure takes none. */
  ranges: readonly Cidr[];
  /** What the machines of each group may do. */
  identities: Pick<PlannedIdentity, "group" | "rights">[];
  /** Object IDs of the identities, by the groups' names. */
  principalIds: Record<string, pulumi.Input<string>>;
}

/** What was deleted can be had back so long, and no version is deleted before it is so old. */
const retention = { enabled: true, days: 30 };

/**
 * A storage account without shared keys and public blobs, which answers the machines' subnets and the administrators
 * only. What was overwritten or deleted can be had back for 30 days at least, and goes after some 60.
 */
export class Storage extends pulumi.ComponentResource {
  /** Name of the account. */
  readonly accountName: pulumi.Output<string>;
  /** The resources of which the storage consists; containers by name, rights by `<group>-<container>`. */
  readonly nodes: {
    account: StorageAccount;
    history: BlobServiceProperties;
    lifecycle: ManagementPolicy;
    containers: Record<string, BlobContainer>;
    rights: Record<string, RoleAssignment>;
  };

  constructor(name: string, args: StorageArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("Storage", name, mistakesOf(args));
    super("platform:components:Storage", name, {}, opts);
    const { environment, resourceGroupName } = args;

    const account = new StorageAccount(
      `${name}-st`,
      {
        accountName: args.accountName,
        resourceGroupName,
        kind: "StorageV2",
        sku: { name: args.zones.length > 0 ? "Standard_ZRS" : "Standard_LRS" },
        minimumTlsVersion: "TLS1_2",
        enableHttpsTrafficOnly: true,
        allowSharedKeyAccess: false,
        allowBlobPublicAccess: false,
        allowCrossTenantReplication: false,
        publicNetworkAccess: "Enabled",
        networkRuleSet: {
          defaultAction: "Deny",
          bypass: "AzureServices",
          virtualNetworkRules: args.subnetIds.map((id) => ({ virtualNetworkResourceId: id, action: "Allow" as const })),
          ipRules: publicBlocks(args.ranges)
            .flatMap(withoutSmallBlocks)
            .map((range) => ({ iPAddressOrRange: range, action: "Allow" as const })),
        },
        tags: tags(environment),
      },
      // Another name makes another account. The one before, with what it holds, goes only with its resource group.
      { parent: this, dependsOn: args.after ?? [], retainOnDelete: true },
    );

    const history = new BlobServiceProperties(
      `${name}-history`,
      {
        blobServicesName: "default",
        accountName: account.name,
        resourceGroupName,
        isVersioningEnabled: true,
        deleteRetentionPolicy: retention,
        containerDeleteRetentionPolicy: retention,
      },
      { parent: this, retainOnDelete: true },
    );

    const lifecycle = new ManagementPolicy(
      `${name}-lifecycle`,
      {
        managementPolicyName: "default",
        accountName: account.name,
        resourceGroupName,
        policy: {
          rules: [
            {
              name: "oldVersions",
              enabled: true,
              type: "Lifecycle",
              definition: {
                filters: { blobTypes: ["blockBlob", "appendBlob"] },
                // Counted from when it was written, not from when another took its place:
                // https://learn.microsoft.com/azure/storage/blobs/lifecycle-management-policy-structure#action-run-conditions
                actions: { version: { delete: { daysAfterCreationGreaterThan: retention.days } } },
              },
            },
          ],
        },
      },
      // The history keeps what this deletes.
      { parent: this, dependsOn: [history], retainOnDelete: true },
    );

    const made = Object.fromEntries(
      containers.map((containerName) => [
        containerName,
        new BlobContainer(
          `${name}-${containerName}`,
          { containerName, accountName: account.name, resourceGroupName, publicAccess: "None" },
          // Nothing is kept before its history is.
          { parent: this, dependsOn: [history], retainOnDelete: true },
        ),
      ]),
    );

    const rights = Object.fromEntries(
      args.identities.flatMap(({ group, rights }) =>
        containerRights(rights).map(({ role, container }) => {
          const key = `${group}-${container}`;
          const scope = pulumi.interpolate`${account.id}/blobServices/default/containers/${container}`;
          const principalId = args.principalIds[group] ?? "";
          const opts = { parent: this, dependsOn: made[container] ?? [] };
          return [key, assignRole(`${name}-${key}`, { role, scope, principalId }, opts)] as const;
        }),
      ),
    );

    this.nodes = { account, history, lifecycle, containers: made, rights };
    this.accountName = account.name;
    this.registerOutputs({ accountName: this.accountName });
  }
}

/**
 * Azure takes blocks of one or two addresses as addresses only.
 * https://learn.microsoft.com/azure/storage/common/storage-network-security-limitations
 */
function withoutSmallBlocks(block: Cidr): string[] {
  const prefix = parseCidr(block)?.prefix ?? 0;
  if (prefix < 31) return [block];
  return prefix === 32 ? [hostAddress(block, 0)] : [hostAddress(block, 0), hostAddress(block, 1)];
}

function mistakesOf({ accountName: given, subnetIds, identities, principalIds }: StorageArgs) {
  const unknown = unknownPrincipals(identities, principalIds);
  return [
    ...unless(accountName.pattern.test(given), "accountName", given, accountName.allowed),
    ...unless(subnetIds.length > 0, "subnetIds", "none", "at least one, else no machine keeps anything"),
    ...unless(unknown.length === 0, "principalIds", `none for ${unknown.join(", ")}`, "one for each group of machines"),
  ];
}
