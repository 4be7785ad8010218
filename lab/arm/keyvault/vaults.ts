/** Microsoft.KeyVault/vaults, as Azure Resource Manager has them. What they hold is served by `dataPlane.ts`. */
import { vaultSuffix } from "../../serviceNames.ts";
import { missingEndpoints } from "../access/networkRules.ts";
import type { Context } from "../context.ts";
import { ArmError, badRequest, conflict, notInLab } from "../errors.ts";
import { keyOf, nameOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { deletedVaultNamed, keepDeleted, takeBack } from "./softDelete.ts";
import { vaultBody, type VaultBody } from "./vaultSchema.ts";

/**
 * Those since which the properties of a vault are the same. From 2026-02-01 on a new vault has Azure's roles unless it is
 * told otherwise: https://learn.microsoft.com/azure/key-vault/general/access-control-default
 */
export const vaultVersions =
  "2021-10-01 2022-07-01 2022-11-01 2023-02-01 2023-07-01 2024-11-01 2025-05-01 2026-02-01".split(" ");

export const vaultName = {
  pattern: /^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/,
  rule: "A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens",
  code: "VaultNameNotValid",
};

/** Days that deleted things are kept when nobody says how many. */
const standardRetentionDays = 90;

/** The vault of this name, wherever it is: names are unique among all. */
export const vaultNamed = (name: string, { store }: Pick<Context, "store">): Resource<VaultBody> | undefined =>
  store.ofType<VaultBody>(types.vault).find((vault) => vault.name.toLowerCase() === name.toLowerCase());

/** `https://<vault>.<suffix>`, without a slash at the end. */
export const vaultOrigin = ({ name }: Pick<Resource, "name">): string => `https://${name.toLowerCase()}.${vaultSuffix}`;

/** How what is deleted in a vault can be had back. */
export function recoveryLevelOf({ body }: Resource<VaultBody>): string {
  const { softDeleteRetentionInDays: days, enablePurgeProtection } = body.properties;
  return `${days! < 90 ? "Customized" : ""}Recoverable${enablePurgeProtection ? "" : "+Purgeable"}`;
}

export const nameInUse = (name: string): string =>
  `The vault name '${name}' is already in use. Vault names are globally unique so it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a recoverable state then the vault will need to be purged before reusing the name. For more information about VaultAlreadyExists, soft delete and purging a vault follow this link https://go.microsoft.com/fwlink/?linkid=2147740.`;

function refuseTakenName(id: string, context: Context): void {
  const name = nameOf(id);
  if (vaultNamed(name, context)) throw conflict("VaultAlreadyExists", nameInUse(name));
  if (deletedVaultNamed(name, context))
    throw conflict(
      "ConflictError",
      "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
    );
}

/** The body of the deleted vault that was here: what a request to recover it says besides is not looked at. */
function recovered({ id, existing }: Draft<VaultBody>, context: Context): VaultBody {
  const deleted = deletedVaultNamed(nameOf(id), context);
  if (!existing && deleted && keyOf(deleted.computed.deleted!.from) === keyOf(id)) return deleted.body;
  throw badRequest(
    "SoftDeletedVaultDoesNotExist",
    "A soft deleted vault with the given name does not exist. Ensure that the name for the vault that is being attempted to recover is in a recoverable state. For more information on soft delete follow this link https://go.microsoft.com/fwlink/?linkid=2149745",
  );
}

function refuseWithoutEndpoint({ networkAcls }: VaultBody["properties"], context: Context): void {
  const rules = networkAcls?.virtualNetworkRules ?? [];
  const virtualNetworkRules = rules.filter((rule) => rule.ignoreMissingVnetServiceEndpoint !== true);
  const message = missingEndpoints({ virtualNetworkRules }, "Microsoft.KeyVault", context);
  if (message !== undefined) throw badRequest("SubnetsHaveNoServiceEndpointsConfigured", message);
}

function prepare(draft: Draft<VaultBody>, context: Context): void {
  const { createMode, ...given } = draft.body.properties;
  if (createMode === "recover") {
    draft.body = recovered(draft, context);
    return;
  }
  const before = draft.existing?.body.properties;
  if (!before) refuseTakenName(draft.id, context);
  const days = before?.softDeleteRetentionInDays;
  if (days !== undefined && (given.softDeleteRetentionInDays ?? days) !== days)
    throw badRequest(
      "BadRequest",
      'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.',
    );
  if (given.enableRbacAuthorization !== true)
    throw notInLab("vaults with access policies; say enableRbacAuthorization: true, also where it is the default");
  refuseWithoutEndpoint(given, context);
  const protectedFromPurge = given.enablePurgeProtection ?? before?.enablePurgeProtection;
  draft.body.properties = {
    ...given,
    softDeleteRetentionInDays: given.softDeleteRetentionInDays ?? days ?? standardRetentionDays,
    ...(protectedFromPurge !== undefined && { enablePurgeProtection: protectedFromPurge }),
  };
}

export const vaults: ResourceType<VaultBody> = {
  type: types.vault,
  dialect: "keyvault",
  apiVersions: vaultVersions,
  location: "regional",
  name: vaultName,
  schema: vaultBody,
  asynchronous: false,
  patch: "merge",
  prepare,
  applied: (vault, existing, _, context) => {
    if (!existing) takeBack(vault, context);
  },
  render: (vault) => ({
    properties: {
      enabledForDeployment: false,
      publicNetworkAccess: "Enabled",
      ...vault.body.properties,
      enableSoftDelete: true,
      vaultUri: `${vaultOrigin(vault)}/`,
      provisioningState: "Succeeded",
    },
  }),
  leaving: keepDeleted,
};

/** A vault that answers. */
export function liveVault(name: string, context: Context): Resource<VaultBody> {
  const vault = vaultNamed(name, context);
  if (vault && isLive(vault)) return vault;
  throw new ArmError(404, "VaultNotFound", `There is no vault '${name}' here: in Azure its name would not resolve.`);
}
