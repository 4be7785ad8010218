/**
 * Encryption as Pulumi's passphrase provider does it, with a passphrase that everybody knows: what it encrypts is no
 * secret, and Pulumi wants values that are marked as secret to be encrypted.
 */
import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** `PULUMI_CONFIG_PASSPHRASE` of previews. */
export const passphrase = "preview";

/** `encryptionsalt` of previews. Fixed, so that every preview reads every copy. */
export const encryptionSalt = "v1:cHJldmlld3M=:v1:AAAAAAAAAAAAAAAA:ifaYzCW57ulMfsNP/5D8+qm7Lkr1PA==";

let key: Buffer | undefined;

/** AES-256-GCM by a key of PBKDF2: pulumi/sdk, go/common/resource/config/crypt.go */
export function encrypt(text: string): string {
  key ??= pbkdf2Sync(passphrase, Buffer.from(encryptionSalt.split(":")[1] ?? "", "base64"), 1_000_000, 32, "sha256");
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const encrypted = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${encrypted.toString("base64")}`;
}

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
