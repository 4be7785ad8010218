/**
 * The passphrase of previews, which everybody knows: what is encrypted with it is no secret, and Pulumi wants values that
 * are marked as secret to be encrypted.
 */
import { type Encryption, encryption } from "./encryption.ts";

/** `PULUMI_CONFIG_PASSPHRASE` of previews. */
export const passphrase = "preview";

/** `encryptionsalt` of previews. Fixed, so that every preview reads every copy. */
export const encryptionSalt = "v1:cHJldmlld3M=:v1:AAAAAAAAAAAAAAAA:ifaYzCW57ulMfsNP/5D8+qm7Lkr1PA==";

let ofPreviews: Encryption | undefined;

/** Encrypts for previews. */
export const encrypt = (value: string): string =>
  (ofPreviews ??= encryption(passphrase, encryptionSalt)).encrypt(value);

/** The environment of a Pulumi that works with a backend of previews. */
export function previewEnvironment(backend: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PULUMI_BACKEND_URL: backend,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}
