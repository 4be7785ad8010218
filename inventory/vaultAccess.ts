/** What machines need in order to read their secrets and artifacts, and what is known only once it is made. */
import { blobService } from "../environment/cloud.ts";
import { machineGroups, type Plan } from "../environment/plan.ts";

export interface VaultAccess {
  /** Address of the vault: `https://<vault>.vault.azure.net/`. */
  uri: string;
  /** Address of the storage account's blob service: `https://<account>.blob.core.windows.net`. */
  storeUrl: string;
  /** Client IDs of the groups' identities, by the groups' names. */
  clientIds: Readonly<Record<string, string>>;
}

/**
 * The address of a vault. From the name: a preview does not know what Azure tells of a vault that changes.
 *
 * @param suffix What follows the name, by cloud: `vault.azure.net`.
 */
export const vaultUri = (name: string, suffix: string): string => `https://${name}.${suffix}/`;

/** Values that are as long as any, to see beforehand whether what holds them fits. */
export function longestVaultAccess(plan: Plan): VaultAccess {
  // Digits as a compressor finds them in real ones: no two IDs are alike.
  const clientId = (index: number) => `${`${index}`.padStart(8, "7f3a9c5e")}-41d6-4b82-9e07-c5f83d1a6b2e`;
  return {
    // The longest suffix is that of the US government's cloud.
    uri: vaultUri(plan.vault.name, "vault.usgovcloudapi.net"),
    storeUrl: blobService(plan.storage.name, { storageSuffix: "core.usgovcloudapi.net" }),
    clientIds: Object.fromEntries(machineGroups(plan).map(({ name }, index) => [name, clientId(index)])),
  };
}
