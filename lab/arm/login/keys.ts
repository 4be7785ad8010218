/** Keys of the token issuer and of signed URLs, made once and kept in the store. */
import { createHash, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { exportJWK, type JWK } from "jose";
import type { Store } from "../store.ts";

/** Stored in `arm.db` in this shape. */
export interface Keys {
  /** PEM. */
  privateKey: string;
  /** PEM. */
  publicKey: string;
  keyId: string;
  /** For signed URLs, hexadecimal. */
  urlSecret: string;
}

export const keysOf = (store: Store): Keys =>
  store.setting("keys", () => {
    const pair = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const keyId = createHash("sha256").update(pair.publicKey).digest("hex").slice(0, 16);
    return { ...pair, keyId, urlSecret: randomBytes(32).toString("hex") };
  });

/** The public key as OpenID Connect publishes it. */
export const publicJwk = async (keys: Keys): Promise<JWK> => ({
  ...(await exportJWK(createPublicKey(keys.publicKey))),
  use: "sig",
  alg: "RS256",
  kid: keys.keyId,
});
