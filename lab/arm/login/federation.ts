/**
 * Login of a user-assigned identity by a token of another issuer, in place of a secret.
 * https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from "jose";
import { isKnown } from "../access/principals.ts";
import type { Context } from "../context.ts";
import { federatedCredentialsOf, type FederatedCredential } from "../managedidentity/federatedCredentials.ts";
import type { Resource } from "../resource.ts";
import { issuerKeys } from "./issuerKeys.ts";
import { refuse, type TokenAnswer } from "./refusal.ts";

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** The only algorithm that Azure supports here. */
const algorithm = "RS256";

/** What an assertion says of itself; the signature is still to be checked. */
interface Presented {
  issuer: string;
  subject: string;
  audience: string;
}

const refuseClient = (number: number, description: string): TokenAnswer =>
  refuse(401, "invalid_client", number, description);

/** Undefined where the request's assertion is good for the identity; otherwise the refusal. */
export async function assertionProblem(
  identity: Resource,
  form: URLSearchParams,
  context: Context,
): Promise<TokenAnswer | undefined> {
  const assertion = form.get("client_assertion") ?? "";
  if (form.get("client_assertion_type") !== assertionType || assertion === "")
    return refuseClient(
      7000216,
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    );
  const claims = claimsOf(assertion);
  if (!claims) return refuse(400, "invalid_request", 50027, "JWT token is invalid or malformed.");
  const presented = { issuer: claims.iss ?? "", subject: claims.sub ?? "", audience: String(claims.aud ?? "") };
  const unmatched = matchProblem(presented, federatedCredentialsOf(identity, context), context);
  return unmatched ?? (await tokenProblem(assertion, claims, presented));
}

/** Undefined where it is no token, to its last sign: no document says that Azure overlooks an end of line. */
function claimsOf(assertion: string): JWTPayload | undefined {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(assertion)) return undefined;
  try {
    return decodeJwt(assertion);
  } catch {
    return undefined;
  }
}

/** Issuer, subject and audience are compared exactly: no wildcards, no letter case. */
function matchProblem(
  presented: Presented,
  credentials: readonly Resource<FederatedCredential>[],
  context: Context,
): TokenAnswer | undefined {
  const { issuer, subject, audience } = presented;
  const noRecord = (number: number, what: string): TokenAnswer =>
    refuseClient(
      number,
      `No matching federated identity record found for presented assertion ${what}. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`,
    );
  const ofIssuer = credentials.filter(({ body }) => body.properties.issuer === issuer);
  if (ofIssuer.length === 0) return noRecord(700211, `issuer '${issuer}'`);
  const ofSubject = ofIssuer.filter(({ body }) => body.properties.subject === subject);
  if (ofSubject.length === 0) {
    const differs = ofIssuer.some(({ body }) => body.properties.subject.toLowerCase() === subject.toLowerCase());
    return noRecord(differs ? 7002138 : 700213, `subject '${subject}'`);
  }
  const [found] = ofSubject.filter(({ body }) => body.properties.audiences.includes(audience));
  if (!found) return noRecord(700212, `audience '${audience}'`);
  if (isKnown(found.computed.written!, context)) return undefined;
  return refuseClient(
    70021,
    `No matching federated identity record found for presented assertion. Assertion Issuer: '${issuer}'. Assertion Subject: '${subject}'. Assertion Audience: '${audience}'.`,
  );
}

/** Whether the issuer has signed the assertion, for now. */
async function tokenProblem(
  assertion: string,
  claims: JWTPayload,
  { issuer }: Presented,
): Promise<TokenAnswer | undefined> {
  let keys: JSONWebKeySet;
  try {
    keys = await issuerKeys(issuer);
  } catch (error) {
    return refuse(400, "invalid_request", 50166, `Request to External OIDC endpoint failed. ${String(error)}`);
  }
  try {
    await jwtVerify(assertion, createLocalJWKSet(keys), { algorithms: [algorithm], requiredClaims: ["exp"] });
    return undefined;
  } catch (error) {
    const isOfTime =
      error instanceof errors.JWTExpired || (error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf");
    if (isOfTime)
      return refuseClient(
        700024,
        `Client assertion is not within its valid time range. Current time: ${new Date().toISOString()}, assertion valid from ${timeOf(claims.nbf)}, expiry time of assertion ${timeOf(claims.exp)}.`,
      );
    if (error instanceof errors.JOSEError) return refuseClient(700027, "Client assertion failed signature validation.");
    throw error;
  }
}

const timeOf = (seconds = 0): string => new Date(seconds * 1000).toISOString();
