/** An authority whose key is in this process, for tests. */
import { generateKeyPairSync, sign } from "node:crypto";
import { authorityLine, type Authority } from "../certificate.ts";

export function testAuthority(): Authority {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  return {
    publicKey: authorityLine(Buffer.from(x, "base64url"), Buffer.from(y, "base64url")),
    sign: (message) => Promise.resolve(sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" })),
  };
}
