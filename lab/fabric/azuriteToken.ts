/**
 * What Azurite takes for a token: it checks issuer, audience and time, and no signature
 * (https://github.com/Azure/Azurite, `--oauth basic`). Whether a request is allowed, the daemon has decided before.
 */

/** A token with Azure's issuer and audience, and the holder of `bearer`, if there is one. */
export function azuriteToken(bearer?: string): string {
  const { oid = "lab", tid = "lab" } = bearer === undefined ? {} : claimsOf(bearer);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const times = { iat: nowSeconds, nbf: nowSeconds - 60, exp: nowSeconds + 600 };
  const claims = { aud: "https://storage.azure.com", iss: `https://sts.windows.net/${tid}/`, ...times, oid, tid };
  return [{ alg: "none", typ: "JWT" }, claims]
    .map((part) => `${Buffer.from(JSON.stringify(part)).toString("base64url")}.`)
    .join("");
}

const claimsOf = (bearer: string): { oid?: string; tid?: string } =>
  JSON.parse(Buffer.from(bearer.split(".")[1] ?? "", "base64url").toString("utf8")) as { oid?: string; tid?: string };
