/** OAuth 2 client credentials, and the check of bearer tokens. */
import { createHash, createSign, createVerify, randomUUID, timingSafeEqual } from "node:crypto";
import type { ArmOptions } from "../types.ts";
import type { Keys } from "./keys.ts";

const lifetime = 3600;

/** An answer of the token endpoint; errors have OAuth's shape, not ARM's. */
export interface TokenAnswer {
  status: number;
  body: object;
}

const refuse = (status: number, error: string, number: number, description: string): TokenAnswer => ({
  status,
  body: {
    error,
    error_description: `AADSTS${number}: ${description}`,
    error_codes: [number],
    timestamp: new Date().toISOString(),
    trace_id: randomUUID(),
    correlation_id: randomUUID(),
  },
});

/** `v1` requests name a `resource`, v2.0 requests a `scope`. */
export function issueToken(
  form: URLSearchParams,
  basic: string | undefined,
  tenant: string,
  origin: string,
  options: ArmOptions,
  keys: Keys,
): TokenAnswer {
  const [basicId, basicSecret] =
    basic === undefined ? [] : Buffer.from(basic, "base64").toString("utf8").split(":").map(decodeURIComponent);
  const clientId = form.get("client_id") ?? basicId ?? "";
  const secret = form.get("client_secret") ?? basicSecret ?? "";
  if (tenant.toLowerCase() !== options.tenantId.toLowerCase()) {
    return refuse(
      400,
      "invalid_request",
      90002,
      `Tenant '${tenant}' not found. The lab has one tenant: ${options.tenantId}.`,
    );
  }
  if (form.get("grant_type") !== "client_credentials") {
    return refuse(
      400,
      "unsupported_grant_type",
      70003,
      `The app requested an unsupported grant type '${form.get("grant_type") ?? ""}'. The lab issues tokens for client_credentials.`,
    );
  }
  if (clientId.toLowerCase() !== options.clientId.toLowerCase()) {
    return refuse(
      400,
      "unauthorized_client",
      700016,
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'.`,
    );
  }
  if (!same(secret, options.clientSecret)) {
    return refuse(
      401,
      "invalid_client",
      7000215,
      "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
    );
  }
  const audience = (form.get("resource") ?? form.get("scope")?.replace(/\/?\.default$/, "") ?? origin).replace(
    /\/+$/,
    "",
  );
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: audience,
    iss: `${origin}/${options.tenantId}/v2.0`,
    iat: now,
    nbf: now,
    exp: now + lifetime,
    appid: options.clientId,
    azp: options.clientId,
    idtyp: "app",
    oid: options.clientId,
    sub: options.clientId,
    tid: options.tenantId,
    uti: randomUUID(),
    ver: "1.0",
  };
  return {
    status: 200,
    body: {
      token_type: "Bearer",
      expires_in: lifetime,
      ext_expires_in: lifetime,
      expires_on: String(now + lifetime),
      not_before: String(now),
      resource: audience,
      access_token: sign(claims, keys),
    },
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function sign(claims: object, keys: Keys): string {
  const text = `${encode({ typ: "JWT", alg: "RS256", kid: keys.keyId })}.${encode(claims)}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(keys.privateKey, "base64url")}`;
}

/** Undefined when the token is good, else what is wrong with it. */
export function tokenProblem(
  authorization: string | undefined,
  options: ArmOptions,
  keys: Keys,
): { code: string; message: string } | undefined {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined)
    return { code: "AuthenticationFailed", message: "Authentication failed. The 'Authorization' header is missing." };
  const invalid = { code: "InvalidAuthenticationToken", message: "The access token is invalid." };
  const [head, claims, signature] = token.split(".");
  if (!head || !claims || !signature) return invalid;
  const good = createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(keys.publicKey, signature, "base64url");
  if (!good) return invalid;
  const { exp, tid } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as { exp: number; tid: string };
  if (exp * 1000 < Date.now())
    return {
      code: "ExpiredAuthenticationToken",
      message: `The access token expiry UTC time '${new Date(exp * 1000).toISOString()}' is earlier than current UTC time.`,
    };
  return tid === options.tenantId
    ? undefined
    : {
        code: "InvalidAuthenticationTokenTenant",
        message: `The access token is from the wrong issuer: tenant '${tid}'.`,
      };
}

function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
