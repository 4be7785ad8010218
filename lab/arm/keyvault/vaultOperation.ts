/** Something that can be asked of a vault itself: the right that it needs, and its answer. */
import type { Context } from "../context.ts";
import type { Answer } from "../http.ts";
import type { Resource } from "../resource.ts";
import type { VaultBody } from "./vaultSchema.ts";

export interface VaultOperation {
  /** Data action, as roles name it. */
  action: string;
  /** What it is done to, below the vault: `secrets/password`; empty where it is the vault. */
  object: string;
  answer(vault: Resource<VaultBody>, context: Context): Answer;
}

/** Versions have 32 hexadecimal digits; words such as `versions` stand at the same place. */
export const isVersion = (text: string): boolean => /^[0-9a-f]{32}$/i.test(text);
