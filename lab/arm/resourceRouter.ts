/** From a path in a resource group to the resource and what is asked of it. */
import type { Context } from "./context.ts";
import { ArmError, conflict } from "./errors.ts";
import { listed, operationHeaders, type Answer, type Request } from "./http.ts";
import { groupId, keyOf, nameOf, parentOf } from "./ids.ts";
import {
  checkVersion,
  groupMissing,
  longestType,
  methodNotAllowed,
  missing,
  notFound,
  onlyGet,
  parentMissing,
  typeOf,
} from "./paths.ts";
import { putPart, removePart } from "./parts.ts";
import { patch, put } from "./put.ts";
import { typeNamed } from "./registry.ts";
import { remove } from "./remove.ts";
import { etagHeader, isTopLevel, renderResource, renderShort } from "./render.ts";
import { checkName } from "./requestChecks.ts";
import type { Resource } from "./resource.ts";
import type { ResourceType } from "./resourceType.ts";
import { matching } from "./resources/filter.ts";
import { resourceGroups } from "./resources/resourceGroups.ts";
import { types } from "./typeNames.ts";

/** `{group}`, and everything in it. */
export function routeGroup(request: Request, name: string, rest: string[], context: Context): Answer {
  const id = groupId(context.options.subscriptionId, name);
  const [providers, namespace, ...path] = rest;
  if (providers === undefined)
    return onResource(request, typeNamed(types.resourceGroup)!, id, context.store.get(id), context, []);
  if (providers.toLowerCase() === "resources") {
    checkVersion(request, resourceGroups);
    const group = existingGroup(id, context);
    const inside = context.store
      .all()
      .filter((one) => isTopLevel(one) && one.type !== types.resourceGroup && one.key.startsWith(`${group.key}/`));
    return listed(matching(inside, request.query).map(renderShort), request);
  }
  if (providers.toLowerCase() !== "providers" || namespace === undefined || path.length === 0) {
    existingGroup(id, context);
    throw notFound(request);
  }
  return routeResource(request, id, namespace, path, context);
}

/** Group names are checked with every request, whatever it asks for in the group. */
function existingGroup(id: string, { store }: Context): Resource {
  checkName(resourceGroups, id);
  const group = store.get(id);
  if (!group) throw groupMissing(nameOf(id));
  return group;
}

/** `path` is `{type}/{name}[/{type}/{name}...]`, then perhaps a child type to list, a view or an action. */
function routeResource(request: Request, groupOf: string, namespace: string, path: string[], context: Context): Answer {
  const { store } = context;
  const names = path.filter((_, index) => index % 2 === 1);
  const chain = path.filter((_, index) => index % 2 === 0);
  const last = path.length % 2 === 1 ? chain.at(-1)! : undefined;
  const chainToResource = last === undefined ? chain : chain.slice(0, -1);
  const isTopList = last !== undefined && chainToResource.length === 0;
  const listedType = isTopList
    ? typeOf(namespace, [last], request)
    : last === undefined
      ? undefined
      : typeNamed([namespace, ...chain].join("/"));
  const type = isTopList ? listedType! : longestType(namespace, chainToResource, request);
  checkVersion(request, listedType ?? type);
  const group = existingGroup(groupOf, context);
  if (isTopList) {
    onlyGet(request);
    return listChildren(group.id, type, request, context);
  }
  const depth = type.type.split("/").length - 1;
  let id = group.id;
  for (let level = 0; level < depth; level += 1) {
    const partial = typeOf(namespace, chainToResource.slice(0, level + 1), request);
    const segment = partial.type.split("/").at(-1)!;
    const next =
      level === 0 ? `${group.id}/providers/${partial.type}/${names[level]}` : `${id}/${segment}/${names[level]}`;
    id = store.get(next)?.id ?? next;
    if (level < depth - 1 && !store.get(id)) throw parentMissing(request, id);
  }
  if (listedType) {
    if (!store.get(id)) throw parentMissing(request, id);
    onlyGet(request);
    return listChildren(id, listedType, request, context);
  }
  // What stands behind the resource's own ID: a view, an action, or a part that has no type of its own.
  const tail = path.slice(depth * 2);
  return onResource(request, type, id, store.get(id), context, tail);
}

function listChildren(parent: string, type: ResourceType, request: Request, context: Context): Answer {
  const inside = context.store
    .ofType(type.type)
    .filter(
      (one) =>
        one.key.startsWith(`${keyOf(parent)}/`) &&
        (type.type.split("/").length === 2 || keyOf(parentOf(one.id)) === keyOf(parent)),
    );
  return listResources(inside, type, request, context);
}

/** Those of the resources that the type lets a list show. */
export function listResources(resources: Resource[], type: ResourceType, request: Request, context: Context): Answer {
  const shown = type.filter?.(resources, request.query) ?? resources;
  return listed(
    shown.map((one) => {
      const answer = renderResource(one, context, request.query);
      return type.listed?.(answer) ?? answer;
    }),
    request,
  );
}

export function onResource(
  request: Request,
  type: ResourceType,
  id: string,
  existing: Resource | undefined,
  context: Context,
  tail: string[],
): Answer {
  checkVersion(request, type);
  if (!type.bareRefusals) return answerOf(request, type, id, existing, context, tail);
  try {
    return answerOf(request, type, id, existing, context, tail);
  } catch (error) {
    if (error instanceof ArmError && providersOwn.includes(error.body.code)) error.bare = true;
    throw error;
  }
}

/** Codes of refusals that come from the provider itself, and not from Azure Resource Manager in front of it. */
const providersOwn = ["BadRequest", "Conflict", "NotFound", "PreconditionFailed"];

function answerOf(
  request: Request,
  type: ResourceType,
  id: string,
  existing: Resource | undefined,
  context: Context,
  tail: string[],
): Answer {
  if (type.type === types.resourceGroup) checkName(type, id);
  if (tail.length > 0) return onTail(request, type, existing ?? missing(type, id), context, tail);
  const group = context.store.get(id.split("/").slice(0, 5).join("/"));
  if (
    group?.state === "Deleting" &&
    group.key !== keyOf(id) &&
    (request.method === "PUT" || request.method === "PATCH")
  ) {
    throw conflict(
      "ResourceGroupBeingDeleted",
      `The resource group '${group.name}' is in deprovisioning state and cannot perform this operation.`,
    );
  }
  switch (request.method) {
    case "GET": {
      const resource = existing ?? missing(type, id);
      return {
        status: 200,
        headers: etagHeader(resource, type),
        body: renderResource(resource, context, request.query),
      };
    }
    case "HEAD":
      // Providers may have it or not; that of networks is known not to.
      if (type.type !== types.resourceGroup) throw methodNotAllowed(request, type.type);
      return { status: existing ? 204 : 404 };
    case "PUT":
      return context.store.transaction(() => put(request, type, id, context));
    case "PATCH":
      return context.store.transaction(() => patch(request, type, id, existing ?? missing(type, id), context));
    case "DELETE":
      if (!existing && type.type === types.resourceGroup) throw groupMissing(id.split("/").at(-1)!);
      return context.store.transaction(() => remove(request, type, existing, context));
    default:
      throw methodNotAllowed(request, type.type);
  }
}

/** `GET {id}/instanceView`, `GET {id}/probes/{name}`, `POST {id}/restart`. */
function onTail(request: Request, type: ResourceType, resource: Resource, context: Context, tail: string[]): Answer {
  const [word, name, ...more] = tail;
  const key = word!.toLowerCase();
  if (request.method === "POST" && name === undefined) {
    const action = type.actions?.[key];
    if (!action) throw methodNotAllowed(request, `${type.type}/${word}`);
    const result = context.store.transaction(() => action(resource, context, request.body, request.query));
    const operation = result.operation === undefined ? undefined : context.store.operation(result.operation)!;
    const headers =
      operation && operationHeaders(request, operation, type.type.split("/")[0]!, resource.body.location ?? "global");
    return { status: result.status, ...(headers && { headers }), body: result.body };
  }
  const view = type.views?.[key];
  if (!view || more.length > 0) throw notFound(request);
  const part = type.parts?.[key];
  const named = (shown: unknown): unknown =>
    (shown as { value?: { name: string }[] }).value?.find((one) => one.name.toLowerCase() === name?.toLowerCase());
  if (part && name !== undefined && (request.method === "PUT" || request.method === "DELETE"))
    return context.store.transaction(() =>
      request.method === "PUT"
        ? putPart(request, type, part, resource, name, context, (now) => named(view(now, context, request.query)))
        : removePart(request, type, part, resource, name, context),
    );
  onlyGet(request);
  const shown = view(resource, context, request.query);
  if (name === undefined) {
    const { value } = (shown ?? {}) as { value?: object[] };
    return Array.isArray(value) && request.query.has("$top") ? listed(value, request) : { status: 200, body: shown };
  }
  const found = named(shown);
  if (!found) throw new ArmError(404, "NotFound", `Resource ${resource.id}/${word}/${name} not found.`);
  return { status: 200, body: found };
}
