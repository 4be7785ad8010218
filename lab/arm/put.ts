/** PUT and PATCH: from a body to a stored resource. */
import { isDeepStrictEqual } from "node:util";
import { newerIn } from "./apiVersions.ts";
import type { Context } from "./context.ts";
import { ArmError, badRequest, notInLab } from "./errors.ts";
import { operationHeaders, type Answer, type Request } from "./http.ts";
import { keyOf } from "./ids.ts";
import type { Operation } from "./operation.ts";
import { begin, end } from "./operations.ts";
import { checkReferences } from "./references.ts";
import { etagHeader, renderResource } from "./render.ts";
import { checkEtag, checkLocation, checkName, checkTags, refuseWhileDeleting } from "./requestChecks.ts";
import type { Body, Resource } from "./resource.ts";
import type { Draft, ResourceType } from "./resourceType.ts";
import { unknownMembers, validate } from "./schema.ts";

export function put(request: Request, type: ResourceType, id: string, context: Context): Answer {
  const { store } = context;
  const existing = store.get(id);
  refuseWhileDeleting(existing);
  return orLater(
    request,
    type,
    id,
    existing,
    context,
    () => checkEtag(request, existing, type),
    () => {
      if (type.refusePut !== undefined && !existing) throw notInLab(type.refusePut);
      refuseNewer(request, type);
      const body = objectOf(request.body);
      const spelled = type.spelled?.(body) ?? body;
      const given = (existing && type.completed?.(spelled, existing)) ?? spelled;
      return write(request, type, existing?.id ?? id, given, existing, context);
    },
  );
}

export function patch(request: Request, type: ResourceType, id: string, existing: Resource, context: Context): Answer {
  refuseWhileDeleting(existing);
  return orLater(
    request,
    type,
    id,
    existing,
    context,
    () => checkEtag(request, existing, type),
    () => change(request, type, id, existing, context),
  );
}

function change(request: Request, type: ResourceType, id: string, existing: Resource, context: Context): Answer {
  const body = objectOf(request.body);
  const given = type.spelled?.(body) ?? body;
  refuseNewer(request, type);
  if (type.patch === "none")
    throw new ArmError(
      405,
      "HttpMethodNotAllowed",
      `The HTTP method 'PATCH' is not supported for the resource type '${type.type}'.`,
    );
  if (type.patch === "merge")
    return write(request, type, id, mergePatch(existing.body, given) as Record<string, unknown>, existing, context);
  const other = Object.keys(given).find(
    (key) => key !== "tags" && !(key === "properties" && Object.keys(given["properties"] ?? {}).length === 0),
  );
  if (other !== undefined) {
    if (type.dialect !== "network") throw notInLab(`PATCH of anything but tags (given: '${other}'); use PUT`);
    throw badRequest(
      "OnlyTagsSupportedForPatch",
      `PATCH request content includes ${other} property. Only tags property is currently supported.`,
    );
  }
  const tags = checkTags(type, given["tags"]);
  const patched = store(context, { ...existing, body: { ...existing.body, tags } });
  return answer(request, type, patched, 200, context);
}

/** `check`, then `work`; where the type refuses later, the refusal of `check` ends an operation that was accepted. */
function orLater(
  request: Request,
  type: ResourceType,
  id: string,
  existing: Resource | undefined,
  context: Context,
  check: () => void,
  work: () => Answer,
): Answer {
  try {
    check();
  } catch (error) {
    if (!type.accepted || !(error instanceof ArmError)) throw error;
    const operation = begin(context.store, "put", keyOf(id));
    end(context.store, operation, error.body);
    return { status: 202, headers: headersOf(request, type, operation, existing?.body.location) };
  }
  return work();
}

const headersOf = (
  request: Request,
  type: ResourceType,
  operation: Operation,
  location: string | undefined,
): Record<string, string> => operationHeaders(request, operation, type.type.split("/")[0]!, location ?? "global");

/** Azure reads a body by the types of the request's api-version. */
function refuseNewer(request: Request, type: ResourceType): void {
  const version = request.query.get("api-version")!;
  const paths = newerIn(request.body, type.introduced ?? {}, version);
  if (paths.length > 0) throw unknownMembers(paths, type.dialect, type.type.split("/").at(-1)!);
}

const store = (context: Context, resource: Resource): Resource => context.store.put(resource, true);

export function write(
  request: Request,
  type: ResourceType,
  id: string,
  given: Record<string, unknown>,
  existing: Resource | undefined,
  context: Context,
): Answer {
  const location = checkLocation(type, id, given["location"], existing);
  checkTags(type, given["tags"]);
  checkName(type, id);
  const validated = validate(type.schema, given, type.dialect, type.type.split("/").at(-1)!);
  const placed: Body = { ...validated, ...(location !== undefined && { location }) };
  const merged = existing && type.merge ? type.merge(placed, existing) : placed;
  const body = JSON.parse(JSON.stringify(merged)) as Body;
  const draft: Draft = { id, body, computed: { ...existing?.computed }, ...(existing && { existing }) };
  const check = (): void => {
    checkReferences(draft, type, context, request.principalId);
    type.prepare?.(draft, context, request.principalId);
  };
  return orLater(request, type, id, existing, context, check, () => commit(request, type, draft, context));
}

function commit(request: Request, type: ResourceType, draft: Draft, context: Context): Answer {
  const { id, body, existing } = draft;
  const kept = JSON.parse(JSON.stringify(type.stored?.(body) ?? body)) as Body;
  const unchanged =
    existing?.state === "Succeeded" &&
    !type.stored &&
    isDeepStrictEqual(existing.body, kept) &&
    isDeepStrictEqual(existing.computed, JSON.parse(JSON.stringify(draft.computed)));
  const status = existing ? (type.changed ?? 200) : (type.made ?? 201);
  if (unchanged) return answer(request, type, existing, status, context);
  const takesTime = type.asynchronous === true || (type.asynchronous === "creation" && !existing);
  const state = !takesTime ? "Succeeded" : existing ? "Updating" : "Creating";
  const written = existing
    ? context.store.put({ ...existing, body: kept, computed: draft.computed, state, error: undefined }, true)
    : context.store.create(id, type.type, kept, draft.computed, state);
  type.applied?.(written, existing, body, context);
  return answer(request, type, context.store.get(id)!, status, context);
}

function answer(request: Request, type: ResourceType, resource: Resource, status: number, context: Context): Answer {
  const etag = etagHeader(resource, type);
  const isDone = resource.state === "Succeeded";
  if (type.accepted || (type.asynchronous === "creation" && !isDone)) {
    const operation = begin(context.store, "put", resource.key);
    if (isDone) end(context.store, operation);
    return { status: 202, headers: headersOf(request, type, operation, resource.body.location) };
  }
  const body = renderResource(resource, context, request.query);
  if (isDone) return { status, headers: etag, body };
  const operation = begin(context.store, "put", resource.key);
  const headers = headersOf(request, type, operation, resource.body.location);
  const { "Azure-AsyncOperation": poll, "Retry-After": retry } = headers;
  return { status, headers: { ...etag, "Azure-AsyncOperation": poll!, "Retry-After": retry! }, body };
}

export function objectOf(body: unknown): Record<string, unknown> {
  if (body !== null && typeof body === "object" && !Array.isArray(body)) return body as Record<string, unknown>;
  throw badRequest(
    "InvalidRequestContent",
    "The request content was invalid and could not be deserialized: a JSON object is expected.",
  );
}

/** RFC 7386: objects are merged, everything else replaces; tags are replaced as a whole, as Azure does. */
function mergePatch(target: unknown, given: unknown, name?: string): unknown {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    value !== null && typeof value === "object" && !Array.isArray(value);
  if (!isObject(given) || !isObject(target) || name === "tags") return given;
  const entries = Object.entries(given).map(([key, value]) => [key, mergePatch(target[key], value, key)] as const);
  return Object.fromEntries(
    Object.entries({ ...target, ...Object.fromEntries(entries) }).filter(([, value]) => value !== null),
  );
}
