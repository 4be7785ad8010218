/** Encryption as Pulumi's passphrase provider does it: pulumi/sdk, go/common/resource/config/crypt.go */
import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

export interface Encryption {
  /** `encryptionsalt` of the stack file. */
  encryptionSalt: string;
  encrypt: (value: string) => string;
}

/** @param encryptionSalt That of a file which has secrets already. Default: a new one. */
export function encryption(passphrase: string, encryptionSalt?: string): Encryption {
  const salt = encryptionSalt?.split(":")[1] ?? randomBytes(8).toString("base64");
  const key = pbkdf2Sync(passphrase, Buffer.from(salt, "base64"), 1_000_000, 32, "sha256");
  const encrypt = (value: string): string => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const encrypted = Buffer.concat([cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${encrypted.toString("base64")}`;
  };
  return { encryptionSalt: encryptionSalt ?? `v1:${salt}:${encrypt("pulumi")}`, encrypt };
}
