/** What a stack file may say of the two places where an environment keeps things: its vault and its storage account. */
import { z } from "zod";
import { accountName, vaultName } from "./names.ts";

const refreshText = "5 to 59 whole seconds or 1 to 60 whole minutes, for example PT30S or PT1M";
const refreshPattern = /^PT(?:([5-9]|[1-5]\d)S|([1-9]|[1-5]\d|60)M)$/;

/** The value of `platform:environment.vault`. */
export const vaultSchema = z
  .strictObject({
    name: z
      .string()
      .regex(vaultName.pattern, { error: vaultName.allowed })
      .optional()
      .describe(
        "Name of the vault, unique in all of Azure. Default: kv-<stack>-<8 digits that follow from the domain>; say it " +
          "before the domain changes. Fixed: another name is another vault, without the secrets that people set in this one",
      ),
    recover: z
      .boolean()
      .default(false)
      .describe(
        "Take back the vault of this name, with its secrets, where it was deleted and lies in soft delete. It comes back " +
          "as it was; the next `pulumi up` brings its settings up to date",
      ),
    refresh: z
      .string()
      .regex(refreshPattern, { error: refreshText })
      .default("PT1M")
      .describe(
        "Time after which a new value of a secret is in use on all its machines, PT5S to PT60M; services that must restart " +
          "take turns",
      ),
  })
  .describe("The Key Vault from which machines read their secrets");

/** The value of `platform:environment.storage`. */
export const storageSchema = z
  .strictObject({
    name: z
      .string()
      .regex(accountName.pattern, { error: accountName.allowed })
      .optional()
      .describe(
        "Name of the storage account, unique in all of Azure. Default: st<stack><8 digits that follow from the domain>; " +
          "say it before the domain changes. Fixed: another name is another account, without what this one holds",
      ),
  })
  .describe("The storage account for artifacts and backups");

/** A checked `refresh` in seconds. */
export function refreshSeconds(refresh: string): number {
  const [, seconds, minutes] = refreshPattern.exec(refresh) ?? [];
  return seconds === undefined ? Number(minutes) * 60 : Number(seconds);
}
