/** Where the machines' secrets are, and who may read which. */
import * as pulumi from "@pulumi/pulumi";
import type { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import { Secret } from "@pulumi/azure-native/keyvault/secret.js";
import { Vault as KeyVault } from "@pulumi/azure-native/keyvault/vault.js";
import { publicBlocks, type Cidr } from "../environment/address.ts";
import { tags, vaultName } from "../environment/names.ts";
import type { PlannedIdentity } from "../environment/plan.ts";
import { secretRights } from "../environment/rights.ts";
import { vaultUri } from "../inventory/vaultAccess.ts";
import { refuse, unless, type EnvironmentArgs } from "./args.ts";
import { assignRole, unknownPrincipals } from "./rights.ts";

/** What a vault is made of. */
export interface VaultArgs extends EnvironmentArgs {
  /** Name of the vault, unique in all of Azure. A change makes another vault, and leaves this one as it is. */
  vaultName: string;
  /** What follows the name in the vault's address, by cloud: `vault.azure.net`. */
  vaultSuffix: string;
  /** A deleted vault of this name is taken back, with its secrets. Azure: `createMode`. */
  recover: boolean;
  /** Tenant whose identities may be let in. */
  tenantId: pulumi.Input<string>;
  /** Resource IDs of the subnets from which the vault answers; each has the service endpoint Microsoft.KeyVault. */
  subnetIds: pulumi.Input<string>[];
  /** Blocks of the people who set secrets; private ones are left out, since Azure takes none. */
  ranges: readonly Cidr[];
  /** Secrets that Pulumi has, by name. One that is taken away stays in the vault. */
  secrets: Record<string, pulumi.Input<string>>;
  /** What the machines of each group may do. */
  identities: Pick<PlannedIdentity, "group" | "rights">[];
  /** Object IDs of the identities, by the groups' names. */
  principalIds: Record<string, pulumi.Input<string>>;
  /**
   * Rejects where a secret that machines want is not in the vault. An update asks it with the vault's resource ID once
   * the program's own secrets are there; address and rights wait for the answer, and with them the machines.
   */
  complete: (vaultId: string) => Promise<void>;
}

/**
 * A Key Vault with Azure's RBAC, purge protection and 90 days of soft delete, which answers the machines' subnets and
 * the administrators only; the secrets that Pulumi has; and for each group of machines the right to its own.
 */
export class Vault extends pulumi.ComponentResource {
  /** Address at which machines read secrets; in an update known once every secret is there that they want. */
  readonly uri: pulumi.Output<string>;
  /** The resources of which the vault consists: secrets by name, rights by `<group>-<secret>`. */
  readonly nodes: { vault: KeyVault; secrets: Record<string, Secret>; rights: Record<string, RoleAssignment> };

  constructor(name: string, args: VaultArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("Vault", name, mistakesOf(args));
    super("platform:components:Vault", name, {}, opts);
    const { environment, resourceGroupName } = args;

    const vault = new KeyVault(
      `${name}-kv`,
      {
        vaultName: args.vaultName,
        resourceGroupName,
        properties: {
          tenantId: args.tenantId,
          sku: { family: "A", name: "standard" },
          ...(args.recover ? { createMode: "recover" as const } : {}),
          enableRbacAuthorization: true,
          enableSoftDelete: true,
          softDeleteRetentionInDays: 90,
          enablePurgeProtection: true,
          publicNetworkAccess: "Enabled",
          networkAcls: {
            defaultAction: "Deny",
            bypass: "AzureServices",
            virtualNetworkRules: args.subnetIds.map((id) => ({ id })),
            ipRules: publicBlocks(args.ranges).map((value) => ({ value })),
          },
        },
        tags: tags(environment),
      },
      // Another name makes another vault. The one before, with what people set there, goes only with its resource group.
      { parent: this, dependsOn: args.after ?? [], retainOnDelete: true },
    );

    const secrets = Object.fromEntries(
      Object.entries(args.secrets).map(([secretName, value]) => [
        secretName,
        new Secret(
          `${name}-${secretName}`,
          {
            secretName,
            resourceGroupName,
            vaultName: vault.name,
            properties: { value: pulumi.secret(value) },
            tags: tags(environment),
          },
          // ARM writes secrets and deletes none: what the stack file no longer names is only forgotten.
          { parent: this, retainOnDelete: true, protect: false },
        ),
      ]),
    );

    // A preview makes no machine. In it the ID of a secret to come is unknown, and rights that stand would seem replaced.
    const completeId = pulumi.runtime.isDryRun()
      ? vault.id
      : pulumi
          .all([vault.id, pulumi.all(Object.values(secrets).map(({ id }) => id))])
          .apply(([id]) => args.complete(id).then(() => id));
    this.nodes = { vault, secrets, rights: this.rights(name, args, completeId) };
    this.uri = completeId.apply(() => vaultUri(args.vaultName, args.vaultSuffix));
    this.registerOutputs({ uri: this.uri });
  }

  private rights(name: string, args: VaultArgs, vaultId: pulumi.Output<string>): Record<string, RoleAssignment> {
    const entries = args.identities.flatMap(({ group, rights }) =>
      secretRights(rights).map(({ role, secret }) => {
        const key = `${group}-${secret}`;
        const scope = pulumi.interpolate`${vaultId}/secrets/${secret}`;
        const principalId = args.principalIds[group] ?? "";
        return [key, assignRole(`${name}-${key}`, { role, scope, principalId }, { parent: this })] as const;
      }),
    );
    return Object.fromEntries(entries);
  }
}

function mistakesOf({ vaultName: given, subnetIds, identities, principalIds }: VaultArgs) {
  const groups = identities.map(({ group }) => group);
  return [
    ...unless(vaultName.pattern.test(given), "vaultName", given, vaultName.allowed),
    ...unless(subnetIds.length > 0, "subnetIds", "none", "at least one, else no machine reads anything"),
    ...unless(
      unknownPrincipals(identities, principalIds).length === 0,
      "principalIds",
      Object.keys(principalIds).join(", ") || "none",
      `one for each of ${groups.join(", ")}`,
    ),
  ];
}
