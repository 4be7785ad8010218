/**
 * What a vault itself answers, at `https://<vault>.<suffix>`. Each request is asked for its token, its sender, its
 * api-version and its right, in this order.
 * https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
 */
import { decodeJwt, type JWTPayload } from "jose";
import { managementHost, vaultSuffix } from "../../serviceNames.ts";
import { serviceHeaders } from "../../world.ts";
import { admits } from "../access/networkRules.ts";
import { principalOf } from "../access/principals.ts";
import { mayAct } from "../access/rights.ts";
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import type { Answer, Request } from "../http.ts";
import { keyOf } from "../ids.ts";
import { keysOf } from "../login/keys.ts";
import { readToken, type ReadToken } from "../login/token.ts";
import type { Resource } from "../resource.ts";
import { keyOperationOf } from "./keyOperations.ts";
import { badParameter, forbidden } from "./refusals.ts";
import { secretOperationOf } from "./secretOperations.ts";
import { checkRate } from "./throttling.ts";
import { liveVault } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";

type Vault = Resource<VaultBody>;

const audience = `https://${vaultSuffix}`;

const versions = ["7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01"];

export async function answerVault(request: Request, context: Context): Promise<Answer> {
  const host = new URL(request.origin).hostname;
  const vault = liveVault(host.slice(0, host.indexOf(".")), context);
  checkRate(vault, context);
  const claims = await claimsOf(request, context);
  request.principalId = principalOf(claims);
  checkSender(request, claims, vault, context);
  checkVersion(request);
  const isOfKey = request.segments[0]?.toLowerCase() === "keys";
  const operation = isOfKey ? keyOperationOf(request) : secretOperationOf(request);
  const scope = operation.object === "" ? vault.id : `${vault.id}/${operation.object}`;
  if (!mayAct(context, request.principalId, "dataAction", operation.action, scope))
    throw forbidden(
      [
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.",
        `Caller: ${callerOf(claims)}`,
        `Action: '${operation.action}'`,
        `Resource: '${keyOf(scope)}'`,
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: null ",
        `Vault: ${placeOf(vault)}`,
        "",
      ].join("\r\n"),
      "ForbiddenByRbac",
    );
  const answer = context.store.transaction(() => operation.answer(vault, context));
  return { ...answer, headers: { "x-ms-keyvault-region": vault.body.location!, ...answer.headers } };
}

const callerOf = ({ appid, oid, iss }: JWTPayload): string =>
  `appid=${String(appid)};oid=${String(oid)};iss=${String(iss)}`;

const placeOf = ({ name, body }: Vault): string => `${name};location=${body.location}`;

/** Clients learn from the refusal where to sign in, and for which resource. */
async function claimsOf(request: Request, { store, options }: Context): Promise<JWTPayload> {
  const authorization = request.headers["authorization"];
  const token = await readToken(authorization, [audience], options, keysOf(store));
  // Unlike Resource Manager, vaults take no slash at the end of the audience.
  if ("claims" in token && token.claims.aud === audience) return token.claims;
  const refusal = new ArmError(401, "Unauthorized", whatIsWrong(token, authorization));
  const authority = `https://${managementHost}/${options.tenantId}`;
  refusal.headers = { "WWW-Authenticate": `Bearer authorization="${authority}", resource="${audience}"` };
  throw refusal;
}

function whatIsWrong(token: ReadToken, authorization: string | undefined): string {
  const code = "claims" in token ? "InvalidAuthenticationTokenAudience" : token.problem.code;
  switch (code) {
    case "AuthenticationFailed":
    case "AuthenticationFailedInvalidHeader":
      return "AKV10000: Request is missing a Bearer or PoP token.";
    case "InvalidAuthenticationTokenAudience": {
      const { aud } = decodeJwt(authorization!.split(" ")[1]!);
      return `AKV10022: Invalid audience. Expected ${audience}, found: ${String(aud)}.`;
    }
    default:
      return "problem" in token ? token.problem.message : "";
  }
}

function checkSender(request: Request, claims: JWTPayload, vault: Vault, context: Context): void {
  const { networkAcls, publicNetworkAccess } = vault.body.properties;
  const client = request.headers[serviceHeaders.client] ?? "";
  const caller = [`Caller: ${callerOf(claims)}`, `Vault: ${placeOf(vault)}`];
  if (publicNetworkAccess === "Disabled")
    throw forbidden(
      [
        "Public network access is disabled and request is not from a trusted service nor via an approved private link.",
        ...caller,
      ].join("\r\n"),
      "ForbiddenByConnection",
    );
  if (admits(networkAcls, client, "Microsoft.KeyVault", context)) return;
  const message = "Client address is not authorized and caller is not a trusted service.";
  throw forbidden([message, `Client address: ${client}`, ...caller].join("\r\n"), "ForbiddenByFirewall");
}

function checkVersion({ query }: Request): void {
  const version = query.get("api-version");
  if (version === null || version === "") throw badParameter("The api-version query parameter must be specified.");
  if (versions.includes(version)) return;
  throw badParameter(
    `The specified version (${version}) is not recognized. Consider using the latest supported version (${versions.at(-1)}).`,
  );
}
