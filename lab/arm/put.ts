/** PUT and PATCH: from a body to a stored resource. */
import { isDeepStrictEqual } from "node:util";
import type { Context } from "./context.ts";
import { ArmError, badRequest, conflict, notInLab } from "./errors.ts";
import { operationHeaders, type Answer, type Request } from "./http.ts";
import { nameOf, parseId } from "./ids.ts";
import { regionName } from "./locations.ts";
import { begin } from "./operations.ts";
import { checkReferences } from "./references.ts";
import { etagOf, renderResource } from "./render.ts";
import type { Body, Resource } from "./resource.ts";
import type { Draft, ResourceType } from "./resourceType.ts";
import { validate } from "./schema.ts";

export function put(request: Request, type: ResourceType, id: string, context: Context): Answer {
  const { store } = context;
  const existing = store.get(id);
  refuseWhileDeleting(existing);
  checkEtag(request, existing, type);
  if (type.refusePut !== undefined) throw notInLab(type.refusePut);
  checkName(type, id);
  return write(request, type, existing?.id ?? id, objectOf(request.body), existing, context);
}

export function patch(request: Request, type: ResourceType, id: string, existing: Resource, context: Context): Answer {
  refuseWhileDeleting(existing);
  checkEtag(request, existing, type);
  const given = objectOf(request.body);
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
    throw badRequest(
      "PatchNotSupported",
      `PATCH of ${type.type} changes tags only (given: '${other}'). Use PUT for everything else.`,
    );
  }
  const tags = checkTags(given["tags"]);
  const patched = store(context, { ...existing, body: { ...existing.body, tags } });
  return {
    status: 200,
    headers: { ETag: etagOf(patched, type) },
    body: renderResource(patched, context, request.query),
  };
}

const store = (context: Context, resource: Resource): Resource => context.store.put(resource, true);

function write(
  request: Request,
  type: ResourceType,
  id: string,
  given: Record<string, unknown>,
  existing: Resource | undefined,
  context: Context,
): Answer {
  const location = checkLocation(type, id, given["location"], existing);
  checkTags(given["tags"]);
  const validated = validate(type.schema, given, type.dialect, type.type.split("/").at(-1)!);
  const placed: Body = { ...validated, ...(location !== undefined && { location }) };
  const merged = existing && type.merge ? type.merge(placed, existing) : placed;
  const body = JSON.parse(JSON.stringify(merged)) as Body;
  checkReferences(id, body, context.store, context.options.subscriptionId);
  const draft: Draft = { id, body, computed: { ...existing?.computed }, ...(existing && { existing }) };
  type.prepare?.(draft, context);
  const kept = JSON.parse(JSON.stringify(type.stored?.(body) ?? body)) as Body;
  const unchanged = existing?.state === "Succeeded" && !type.stored && isDeepStrictEqual(existing.body, kept);
  if (unchanged) return answer(request, type, existing, 200, context);
  const state = !type.asynchronous ? "Succeeded" : existing ? "Updating" : "Creating";
  const written = existing
    ? context.store.put({ ...existing, body: kept, computed: draft.computed, state, error: undefined }, true)
    : context.store.create(id, type.type, kept, draft.computed, state);
  type.applied?.(written, existing, body, context);
  return answer(request, type, context.store.get(id)!, existing ? 200 : 201, context);
}

function answer(request: Request, type: ResourceType, resource: Resource, status: number, context: Context): Answer {
  const body = renderResource(resource, context, request.query);
  const etag = { ETag: etagOf(resource, type) };
  if (resource.state === "Succeeded") return { status, headers: etag, body };
  const operation = begin(context.store, "put", resource.key);
  const { "Azure-AsyncOperation": poll, "Retry-After": retry } = operationHeaders(
    request,
    operation,
    type.type.split("/")[0]!,
    resource.body.location ?? "global",
  );
  return { status, headers: { ...etag, "Azure-AsyncOperation": poll!, "Retry-After": retry! }, body };
}

function objectOf(body: unknown): Record<string, unknown> {
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

function checkName(type: ResourceType, id: string): void {
  const name = nameOf(id);
  if (type.name.pattern.test(name)) return;
  const code =
    type.dialect === "network"
      ? "InvalidResourceName"
      : type.dialect === "compute"
        ? "InvalidParameter"
        : type.type.endsWith("resourceGroups")
          ? "InvalidResourceGroup"
          : "InvalidResourceName";
  throw badRequest(code, `Resource name ${name} is invalid. ${type.name.rule}.`);
}

function checkTags(tags: unknown): Record<string, string> {
  if (tags === undefined || tags === null) return {};
  const entries = typeof tags === "object" && !Array.isArray(tags) ? Object.entries(tags) : undefined;
  if (!entries || entries.some(([, value]) => typeof value !== "string")) {
    throw badRequest(
      "InvalidRequestContent",
      "The request content was invalid and could not be deserialized: 'tags' is an object of texts.",
    );
  }
  if (entries.length > 50)
    throw badRequest("InvalidTags", `The number of tags ${entries.length} exceeds the maximum of 50.`);
  for (const [name, value] of entries as [string, string][]) {
    if (name === "" || name.length > 512 || /[<>%&\\?/]/.test(name))
      throw badRequest(
        "InvalidTagNameCharacters",
        `The tag name '${name}' is not valid: 1-512 characters, none of < > % & \\ ? /.`,
      );
    if (value.length > 256)
      throw badRequest(
        "InvalidTagValueLength",
        `Tag value too large. The value of tag '${name}' has ${value.length} characters; 256 are allowed.`,
      );
  }
  return Object.fromEntries(entries);
}

function checkLocation(
  type: ResourceType,
  id: string,
  given: unknown,
  existing: Resource | undefined,
): string | undefined {
  if (type.location === "inherited") return undefined;
  const text = typeof given === "string" && given !== "" ? given : existing?.body.location;
  if (text === undefined)
    throw badRequest("LocationRequired", "The location property is required for this definition.");
  if (type.location === "global") {
    if (text.toLowerCase() === "global") return "global";
    throw badRequest(
      "LocationNotAvailableForResourceType",
      `The provided location '${text}' is not available for resource type '${type.type}'. List of available regions for the resource type is 'global'.`,
    );
  }
  const region = regionName(text);
  if (region === undefined) {
    throw badRequest(
      "LocationNotAvailableForResourceType",
      `The provided location '${text}' is not available for resource type '${type.type}'. Use the name of an Azure region, for example 'westeurope'.`,
    );
  }
  const before = existing?.body.location;
  if (before !== undefined && before !== region) {
    const group = parseId(id)?.resourceGroup;
    if (group === undefined)
      throw conflict(
        "InvalidResourceGroupLocation",
        `Invalid resource group location '${region}'. The Resource group already exists in location '${before}'.`,
      );
    throw conflict(
      "InvalidResourceLocation",
      `The resource '${nameOf(id)}' already exists in location '${before}' in resource group '${group}'. A resource with the same name cannot be created in location '${region}'. Please select a new resource name.`,
    );
  }
  return region;
}

/** If-Match and If-None-Match (`*`: only when there is none). */
export function checkEtag(request: Request, existing: Resource | undefined, type: ResourceType): void {
  const [match, noneMatch] = [request.headers["if-match"], request.headers["if-none-match"]];
  const bare = (value: string): string => value.trim().replace(/^W\//, "").replace(/^"|"$/g, "");
  const hits = (header: string): boolean =>
    existing !== undefined && (header.trim() === "*" || header.split(",").some((one) => bare(one) === existing.etag));
  if (type.dialect !== "network" && type.dialect !== "dns") return;
  if ((match !== undefined && !hits(match)) || (noneMatch !== undefined && hits(noneMatch))) {
    throw new ArmError(
      412,
      "PreconditionFailed",
      `Precondition failed. Etag provided in ${match === undefined ? `if-none-match header ${noneMatch}` : `if-match header ${match}`} does not match etag ${existing ? `W/"${existing.etag}"` : "(the resource does not exist)"} of resource.`,
    );
  }
}

function refuseWhileDeleting(existing: Resource | undefined): void {
  if (existing && (existing.state === "Deleting" || existing.computed.gone)) {
    throw conflict(
      "AnotherOperationInProgress",
      `Another operation on this or dependent resource is in progress: ${existing.id} is being deleted. Try again when it is gone.`,
    );
  }
}
