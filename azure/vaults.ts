/** Vaults, storage accounts and secrets as ARM knows them. Of a secret ARM tells that it is there, and never its value. */
import * as pulumi from "@pulumi/pulumi";
import { regionName, type Cloud } from "../environment/cloud.ts";
import type { PlannedVault } from "../environment/plan.ts";
import { connect } from "./arm.ts";
import { find, questions, type Question, type Questions } from "./questions.ts";

/** What became of a name that is unique in all of Azure. */
export type NameState =
  | { is: "free" | "ours" | "deleted" }
  /** Somebody has it; Azure's words. */
  | { is: "taken"; message: string };

const vaultVersion = "2024-11-01";
const storageVersion = "2024-01-01";

/**
 * https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/check-name-availability
 *
 * @param group Resource ID of the environment's resource group.
 * @param location The region as ARM writes it; a deleted vault keeps its own.
 */
export async function vaultState(asking: Questions, group: string, location: string, name: string): Promise<NameState> {
  const type = "Microsoft.KeyVault/vaults";
  const question = { path: `${group}/providers/${type}/${name}`, apiVersion: vaultVersion };
  if (await isThere(asking, question)) return { is: "ours" };
  if (await isDeletedVault(asking, location, name)) return { is: "deleted" };
  return available(asking, "Microsoft.KeyVault", { name, type }, vaultVersion);
}

/** https://learn.microsoft.com/rest/api/storagerp/storage-accounts/check-name-availability */
export async function accountState(asking: Questions, group: string, name: string): Promise<NameState> {
  const type = "Microsoft.Storage/storageAccounts";
  const question = { path: `${group}/providers/${type}/${name}`, apiVersion: storageVersion };
  if (await isThere(asking, question)) return { is: "ours" };
  return available(asking, "Microsoft.Storage", { name, type }, storageVersion);
}

/** Those of the secrets that a vault does not give out: it has them not, or disabled. */
export async function missingSecrets<Wanted extends { name: string }>(
  asking: Questions,
  vaultId: string,
  wanted: readonly Wanted[],
): Promise<(Wanted & { disabled: boolean })[]> {
  const missing = wanted.map(async (secret) => {
    const question = { path: `${vaultId}/secrets/${secret.name}`, apiVersion: vaultVersion };
    const found = (await find(asking, question)) as { properties?: { attributes?: { enabled?: boolean } } } | undefined;
    const disabled = found?.properties?.attributes?.enabled === false;
    return found && !disabled ? [] : [{ ...secret, disabled }];
  });
  return (await Promise.all(missing)).flat();
}

/**
 * Whether a vault is to be taken back from soft delete: it is wanted, and lies there. Azure makes none that way.
 *
 * @throws pulumi.RunError where Azure does not tell.
 */
export async function isToRecover(
  cloud: Cloud,
  location: string | undefined,
  { name, recover }: PlannedVault,
): Promise<boolean> {
  if (!recover || location === undefined) return false;
  try {
    return await isDeletedVault(questions((await connect(cloud, {})).rest), regionName(location), name);
  } catch (error) {
    throw new pulumi.RunError(
      `Azure does not tell whether the vault ${name} was deleted; nothing was changed.\n  ${(error as Error).message}\n` +
        "  To go on without asking: take platform:environment.vault.recover out of the stack's file",
    );
  }
}

function isDeletedVault(asking: Questions, location: string, name: string): Promise<boolean> {
  const path = `/subscriptions/${asking.subscriptionId}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${name}`;
  return isThere(asking, { path, apiVersion: vaultVersion });
}

async function isThere(asking: Questions, question: Question): Promise<boolean> {
  return (await find(asking, question)) !== undefined;
}

async function available(
  asking: Questions,
  namespace: string,
  body: { name: string; type: string },
  apiVersion: string,
): Promise<NameState> {
  const path = `/subscriptions/${asking.subscriptionId}/providers/${namespace}/checkNameAvailability`;
  const answer = (await asking.post({ path, apiVersion }, body)) as { nameAvailable?: boolean; message?: string };
  return answer.nameAvailable === false
    ? { is: "taken", message: answer.message ?? "no reason given" }
    : { is: "free" };
}
