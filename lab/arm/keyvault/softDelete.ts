/** Vaults that were deleted: kept for days with what is in them, recovered or purged. */
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import { keyOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import type { VaultBody } from "./vaultSchema.ts";

/** Of what is kept; no resource types that a client could name. */
const deletedType = "Microsoft.KeyVault/locations/deletedVaults";
export const deletedSecretType = "Microsoft.KeyVault/vaults/deletedSecrets";

const contentTypes = [types.vaultSecret, deletedSecretType, types.vaultKey];

export const deletedVaults = ({ store }: Pick<Context, "store">): Resource<VaultBody>[] =>
  store.ofType<VaultBody>(deletedType);

/** Names are unique among vaults that exist and those that were deleted. */
export const deletedVaultNamed = (name: string, context: Pick<Context, "store">): Resource<VaultBody> | undefined =>
  deletedVaults(context).find((vault) => vault.name.toLowerCase() === name.toLowerCase());

/** Its secrets, deleted ones too, and its keys. */
const contentsOf = (id: string, store: Store): Resource[] => contentTypes.flatMap((type) => store.children(id, type));

/** Takes what one ID holds to another one. Role assignments do not come along: they go with the vault. */
function moveContents(from: string, to: string, store: Store): void {
  for (const one of contentsOf(from, store)) {
    const id = `${to}${one.id.slice(from.length)}`;
    store.remove(one.id);
    store.put({ ...one, id, key: keyOf(id), state: "Succeeded" }, false);
  }
}

/** Keeps a vault that leaves. */
export function keepDeleted(vault: Resource<VaultBody>, { store, options, nowMilliseconds }: Context): void {
  const { location } = vault.body;
  const id = `/subscriptions/${options.subscriptionId}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${vault.name}`;
  const deleted = { from: vault.id, at: nowMilliseconds() };
  store.create(id, deletedType, vault.body, { deleted }, "Succeeded");
  moveContents(vault.id, id, store);
}

/** Gives a recovered vault back what it held. */
export function takeBack(vault: Resource<VaultBody>, { store }: Context): void {
  const deleted = deletedVaultNamed(vault.name, { store });
  if (!deleted) return;
  moveContents(deleted.id, vault.id, store);
  store.remove(deleted.id);
}

export function purge(deleted: Resource<VaultBody>, { store }: Context): void {
  if (deleted.body.properties.enablePurgeProtection)
    throw new ArmError(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.");
  for (const one of [deleted, ...contentsOf(deleted.id, store)]) store.remove(one.id);
}

/** When it will be purged without anybody's doing, in milliseconds since 1970. */
export const purgeTime = (deletedAt: number, days: number): number => deletedAt + days * 86_400_000;

/** As Azure lists deleted vaults. */
export function renderDeleted({ id, name, body, computed }: Resource<VaultBody>): object {
  const { from, at } = computed.deleted!;
  const { softDeleteRetentionInDays, enablePurgeProtection } = body.properties;
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  return {
    id,
    name,
    type: "Microsoft.KeyVault/deletedVaults",
    properties: {
      vaultId: from,
      location: body.location,
      tags: body.tags ?? {},
      deletionDate: time(at),
      scheduledPurgeDate: time(purgeTime(at, softDeleteRetentionInDays!)),
      ...(enablePurgeProtection && { purgeProtectionEnabled: true }),
    },
  };
}
