/** OAuth 2 client credentials, and the check of bearer tokens. */
import { createHash, createPrivateKey, createPublicKey, randomUUID, timingSafeEqual } from "node:crypto";
import { errors, jwtVerify, SignJWT, type JWTPayload } from "jose";
import { identityOf, isDeployer } from "../access/principals.ts";
import type { Context } from "../context.ts";
import type { ArmOptions } from "../options.ts";
import { assertionProblem } from "./federation.ts";
import type { Keys } from "./keys.ts";
import { refuse, type TokenAnswer } from "./refusal.ts";

const lifetimeSeconds = 3600;

const algorithm = "RS256";

/** `v1` requests name a `resource`, v2.0 requests a `scope`. */
export async function issueToken(
  form: URLSearchParams,
  basic: string | undefined,
  tenant: string,
  context: Context,
  keys: Keys,
): Promise<TokenAnswer> {
  const { options, origin } = context;
  const [basicId, basicSecret] =
    basic === undefined ? [] : Buffer.from(basic, "base64").toString("utf8").split(":").map(decodeURIComponent);
  const clientId = form.get("client_id") ?? basicId ?? "";
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
  // The deployer has a secret, an identity has what its federated credentials trust.
  const identity = isDeployer(clientId, options) ? undefined : identityOf(clientId, context);
  if (!identity && !isDeployer(clientId, options)) {
    return refuse(
      400,
      "unauthorized_client",
      700016,
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'.`,
    );
  }
  const problem = identity
    ? await assertionProblem(identity, form, context)
    : secretProblem(form.get("client_secret") ?? basicSecret ?? "", options);
  if (problem) return problem;
  const resource = form.get("resource");
  const audience = resource ?? scopeOf(form)?.replace(/\/?\.default$/, "") ?? origin;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const subject = identity?.computed.entry ?? { clientId: options.clientId, principalId: options.clientId };
  // The storage service looks at who issued a token, and knows Azure's older issuer only.
  const issuer =
    withoutSlashes(audience) === storageAudience ? olderIssuer(options) : `${origin}/${options.tenantId}/v2.0`;
  const lasting = { nowSeconds, lifetimeSeconds };
  const resourceId = identity && { resourceId: identity.id };
  const token = await signToken({ audience, issuer, subject, ...lasting, ...resourceId }, options, keys);
  // The older endpoint answers its numbers as strings.
  const lifetime = resource === null ? lifetimeSeconds : String(lifetimeSeconds);
  return {
    status: 200,
    body: {
      token_type: "Bearer",
      expires_in: lifetime,
      ext_expires_in: lifetime,
      expires_on: String(nowSeconds + lifetimeSeconds),
      not_before: String(nowSeconds),
      resource: audience,
      access_token: token,
    },
  };
}

/** Libraries for other programs add what is of OpenID Connect (`openid profile offline_access`), which names no resource. */
const scopeOf = (form: URLSearchParams): string | undefined => {
  const scopes = form.get("scope")?.split(" ");
  return scopes?.find((scope) => scope.endsWith(".default")) ?? scopes?.[0];
};

const secretProblem = (secret: string, { clientSecret }: ArmOptions): TokenAnswer | undefined =>
  same(secret, clientSecret)
    ? undefined
    : refuse(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
      );

interface Grant {
  audience: string;
  issuer: string;
  subject: { clientId: string; principalId: string };
  nowSeconds: number;
  lifetimeSeconds: number;
  /** Of an identity: its resource ID. */
  resourceId?: string;
}

export function signToken(grant: Grant, options: Pick<ArmOptions, "tenantId">, keys: Keys): Promise<string> {
  const { audience, issuer, subject, nowSeconds, resourceId } = grant;
  const claims = {
    aud: audience,
    iss: issuer,
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + grant.lifetimeSeconds,
    appid: subject.clientId,
    azp: subject.clientId,
    idtyp: "app",
    oid: subject.principalId,
    sub: subject.principalId,
    tid: options.tenantId,
    uti: randomUUID(),
    ver: "1.0",
    ...(resourceId !== undefined && { xms_mirid: resourceId }),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ typ: "JWT", alg: algorithm, kid: keys.keyId })
    .sign(createPrivateKey(keys.privateKey));
}

/** Of every storage account. */
const storageAudience = "https://storage.azure.com";

/** That of tokens of version 1.0, which identities are given, too. */
export const olderIssuer = ({ tenantId }: Pick<ArmOptions, "tenantId">): string =>
  `https://sts.windows.net/${tenantId}/`;

const withoutSlashes = (audience: string): string => audience.replace(/\/+$/, "");

/** Of Resource Manager besides the lab's own address, as its metadata names it: those of Azure's public cloud. */
export const azureAudiences = ["https://management.core.windows.net", "https://management.azure.com"];

/** Codes are Resource Manager's. */
type TokenCode =
  | "AuthenticationFailed"
  | "AuthenticationFailedInvalidHeader"
  | "InvalidAuthenticationToken"
  | "InvalidAuthenticationTokenTenant"
  | "InvalidAuthenticationTokenAudience"
  | "ExpiredAuthenticationToken";

export type ReadToken = { claims: JWTPayload } | { problem: { code: TokenCode; message: string } };

/** What the bearer token of an `Authorization` header says, when it is good for one of the audiences. */
export async function readToken(
  authorization: string | undefined,
  audiences: readonly string[],
  options: Pick<ArmOptions, "tenantId">,
  keys: Keys,
): Promise<ReadToken> {
  const problem = (code: TokenCode, message: string): ReadToken => ({ problem: { code, message } });
  if (authorization === undefined || authorization === "")
    return problem("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
  const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  if (token === undefined)
    return problem(
      "AuthenticationFailedInvalidHeader",
      "Authentication failed. The 'Authorization' header is provided in an invalid format.",
    );
  try {
    const { payload } = await jwtVerify(token, createPublicKey(keys.publicKey), { algorithms: [algorithm] });
    if (payload["tid"] !== options.tenantId)
      return problem(
        "InvalidAuthenticationTokenTenant",
        `The access token is from the wrong issuer: tenant '${String(payload["tid"])}'.`,
      );
    const audience = String(payload.aud);
    if (audiences.includes(withoutSlashes(audience))) return { claims: payload };
    const list = audiences.flatMap((one) => [`'${one}/'`, `'${one}'`]).join(",");
    return problem(
      "InvalidAuthenticationTokenAudience",
      `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences ${list}.`,
    );
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      const expiry = new Date(error.payload.exp! * 1000).toISOString();
      return problem(
        "ExpiredAuthenticationToken",
        `The access token expiry UTC time '${expiry}' is earlier than current UTC time.`,
      );
    }
    if (error instanceof errors.JOSEError) return problem("InvalidAuthenticationToken", "The access token is invalid.");
    throw error;
  }
}

function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
