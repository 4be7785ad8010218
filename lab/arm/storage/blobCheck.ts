/**
 * Whether a request to a storage account's blob service is allowed: the front asks before Azurite gets the request, and
 * tells afterwards of containers that came and went. Signatures of shared keys and of shared access are Azurite's to
 * check, those of tokens ours.
 * Codes: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and, of refused keys and public
 * access, the answers that the tests name. That network rules are asked before anything else is a guess.
 */
import { randomUUID } from "node:crypto";
import { managementHost, storageSuffix } from "../../serviceNames.ts";
import { blobHeaders, serviceHeaders } from "../../world.ts";
import { admits } from "../access/networkRules.ts";
import { principalOf } from "../access/principals.ts";
import { mayAct } from "../access/rights.ts";
import type { Context } from "../context.ts";
import type { Answer, Request } from "../http.ts";
import { keysOf } from "../login/keys.ts";
import { readToken } from "../login/token.ts";
import { types } from "../typeNames.ts";
import { accountNamed, blobEndpoint, type Account } from "./accounts.ts";
import { operationOf, sourceOf, type BlobOperation } from "./blobOperations.ts";
import { containerId, containers } from "./containers.ts";

const allowed: Answer = { status: 204 };

/** `204`, or the refusal as the service answers it. */
export async function answerBlobCheck(request: Request, context: Context): Promise<Answer> {
  const host = new URL(request.origin).hostname;
  const account = accountNamed(host.slice(0, host.indexOf(".")), context);
  if (!account || account.state === "Deleting")
    return refused(404, "ResourceNotFound", "The specified resource does not exist.");
  const operation = operationOf(request, account.id);
  if (!operation) return notImitated;
  if (request.headers[blobHeaders.check] === "after") {
    context.store.transaction(() => followContainer(account, operation, context));
    return allowed;
  }
  return (
    (await refusal(request, account, operation, context)) ??
    (operation.container ? { ...allowed, headers: { [blobHeaders.tell]: "1" } } : allowed)
  );
}

/** Containers that are made and removed at the service itself are Resource Manager's as well. */
function followContainer(account: Account, { container }: BlobOperation, { store }: Context): void {
  if (!container) return;
  const id = containerId(account.id, container.name);
  const existing = store.live(id);
  if (container.change === "removed") {
    // The revision grows: the fabric knows of the container no more.
    if (existing) store.put(existing, true);
    return store.remove(id);
  }
  if (!existing && containers.name.pattern.test(container.name))
    store.create(id, types.blobContainer, { properties: {} }, {}, "Succeeded");
}

async function refusal(
  request: Request,
  account: Account,
  operation: BlobOperation,
  context: Context,
): Promise<Answer | undefined> {
  const { networkAcls, publicNetworkAccess, allowSharedKeyAccess } = account.body.properties;
  const client = request.headers[serviceHeaders.client] ?? "";
  if (publicNetworkAccess === "Disabled" || !admits(networkAcls, client, "Microsoft.Storage", context))
    return refused(403, "AuthorizationFailure", "This request is not authorized to perform this operation.");
  const authorization = request.headers["authorization"];
  const isSigned = request.query.has("sig");
  if (authorization !== undefined && /^Bearer /i.test(authorization)) {
    const audiences = ["https://storage.azure.com", blobEndpoint(account.name).replace(/\/$/, "")];
    const token = await readToken(authorization, audiences, context.options, keysOf(context.store));
    if ("problem" in token) return unauthenticated("InvalidAuthenticationInfo", context);
    request.principalId = principalOf(token.claims);
    return lacking(request, operation, context);
  }
  if (authorization === undefined && !isSigned) return anonymous(request, account, operation, context);
  if (request.query.has("skoid")) return notImitated;
  return allowSharedKeyAccess === false
    ? refused(
        403,
        "KeyBasedAuthenticationNotPermitted",
        "Key based authentication is not permitted on this storage account.",
      )
    : undefined;
}

/** The refusal of a principal that lacks a right. */
function lacking(request: Request, operation: BlobOperation, context: Context): Answer | undefined {
  const may = ({ kind, operation: name, scope }: BlobOperation): boolean =>
    mayAct(context, request.principalId, kind, name, scope);
  const mayWrite = may(operation) || (operation.operation.endsWith("/add/action") && may(asWrite(operation)));
  return mayWrite && mayCopy(request, may, context)
    ? undefined
    : refused(
        403,
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.",
      );
}

const asWrite = (operation: BlobOperation): BlobOperation => ({
  ...operation,
  operation: operation.operation.replace(/\/add\/action$/, "/write"),
});

/** A copy needs the right to read its source, which is in the lab: nothing else is reached. */
function mayCopy(request: Request, may: (operation: BlobOperation) => boolean, context: Context): boolean {
  const source = sourceOf(request);
  if (!source) return true;
  if (!source.host.endsWith(`.blob.${storageSuffix}`)) return false;
  const account = accountNamed(source.host.slice(0, source.host.indexOf(".")), context);
  const operation = account && operationOf(source.request, account.id);
  return operation !== undefined && may(operation);
}

/** Nobody's request: whether the container is public, Azurite knows. */
function anonymous(request: Request, account: Account, operation: BlobOperation, context: Context): Answer | undefined {
  if (account.body.properties.allowBlobPublicAccess === true && operation.reads) return undefined;
  // Since this version of the service, clients are told where to get a token:
  // https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory#bearer-challenge
  if ((request.headers["x-ms-version"] ?? "") >= "2019-12-12")
    return unauthenticated("NoAuthenticationInformation", context);
  return refused(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.");
}

const unauthenticated = (code: string, { options }: Context): Answer =>
  refused(
    401,
    code,
    "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    {
      "WWW-Authenticate": `Bearer authorization_uri=https://${managementHost}/${options.tenantId}/oauth2/authorize resource_id=https://storage.azure.com`,
    },
  );

function refused(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  const told = `${message}\nRequestId:${randomUUID()}\nTime:${new Date().toISOString()}`;
  return {
    status,
    headers: { "Content-Type": "application/xml", "x-ms-error-code": code, ...headers },
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${told}</Message></Error>`,
  };
}

const notImitated = refused(400, "NotImplementedByLab", "The lab does not imitate this operation; see lab/README.md.");
