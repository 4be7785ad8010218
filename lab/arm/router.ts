/** From a path below /subscriptions to the resource type and what is asked of it. */
import type { Context } from "./context.ts";
import { ArmError, conflict } from "./errors.ts";
import { operationHeaders, type Answer, type Request } from "./http.ts";
import { groupId, keyOf, parentOf } from "./ids.ts";
import { locations } from "./locations.ts";
import { renderOperation, type Operation } from "./operation.ts";
import {
  checkVersion,
  groupMissing,
  longestType,
  methodNotAllowed,
  missing,
  notFound,
  parentMissing,
  typeOf,
} from "./paths.ts";
import { patch, put } from "./put.ts";
import { typeNamed } from "./registry.ts";
import { remove } from "./remove.ts";
import { etagOf, isTopLevel, renderResource, renderShort } from "./render.ts";
import type { Resource } from "./resource.ts";
import type { ResourceType } from "./resourceType.ts";
import { matching } from "./resources/filter.ts";
import { renderProvider, renderProviders } from "./resources/providers.ts";
import { resourceGroups } from "./resources/resourceGroups.ts";
import { types } from "./typeNames.ts";

export interface Routing {
  context: Context;
  /** Resolves when the operation has ended, or after some seconds: then the client asks again. */
  ended(operation: Operation): Promise<Operation>;
}

/** `/subscriptions...`, with a good token. */
export async function routeSubscription(request: Request, routing: Routing): Promise<Answer> {
  const { context } = routing;
  const { subscriptionId } = context.options;
  const [, subscription, third = "", ...rest] = request.segments;
  const list = third.toLowerCase();
  if (subscription === undefined) {
    checkVersion(request, resourceGroups);
    return { status: 200, body: { value: [renderSubscription(context)], count: { type: "Total", value: 1 } } };
  }
  if (subscription.toLowerCase() !== subscriptionId.toLowerCase()) {
    throw new ArmError(
      404,
      "SubscriptionNotFound",
      `The subscription '${subscription}' could not be found. The lab has one: ${subscriptionId}.`,
    );
  }
  switch (list) {
    case "":
      checkVersion(request, resourceGroups);
      return { status: 200, body: renderSubscription(context) };
    case "locations":
      checkVersion(request, resourceGroups);
      return {
        status: 200,
        body: {
          value: locations.map((one) => ({
            id: `/subscriptions/${subscriptionId}/locations/${one.name}`,
            ...one,
            type: "Region",
            regionalDisplayName: one.displayName,
          })),
        },
      };
    case "resources":
      checkVersion(request, resourceGroups);
      return listed(
        matching(
          context.store
            .all()
            .filter(isTopLevel)
            .filter((one) => one.type !== types.resourceGroup),
          request.query,
        ).map(renderShort),
      );
    case "operations":
    case "operationresults":
      return pollOperation(list, rest[0] ?? "", routing);
    case "resourcegroups":
      return rest.length === 0 ? listGroups(request, context) : routeGroup(request, rest[0]!, rest.slice(1), routing);
    case "providers":
      return routeProviders(request, rest, routing);
    default:
      throw notFound(request);
  }
}

const renderSubscription = ({ options }: Context): object => ({
  id: `/subscriptions/${options.subscriptionId}`,
  subscriptionId: options.subscriptionId,
  tenantId: options.tenantId,
  displayName: "lab",
  state: "Enabled",
  subscriptionPolicies: {
    locationPlacementId: "Public_2014-09-01",
    quotaId: "PayAsYouGo_2014-09-01",
    spendingLimit: "Off",
  },
  authorizationSource: "RoleBased",
});

function listGroups(request: Request, context: Context): Answer {
  checkVersion(request, resourceGroups);
  const groups = matching(context.store.ofType(types.resourceGroup), request.query);
  return listed(groups.map((group) => renderResource(group, context, request.query)));
}

function routeProviders(request: Request, rest: string[], routing: Routing): Answer | Promise<Answer> {
  const [namespace, first, second, third, fourth] = rest;
  if (namespace === undefined || first === undefined || first.toLowerCase() === "register") {
    checkVersion(request, resourceGroups);
    if (namespace === undefined) return listed(renderProviders(routing.context));
    return { status: 200, body: renderProvider(namespace, routing.context) };
  }
  if (first.toLowerCase() === "locations" && second !== undefined && third !== undefined)
    return pollOperation(third.toLowerCase(), fourth ?? "", routing);
  const type = typeOf(namespace, [first], request);
  if (second !== undefined) throw notFound(request);
  onlyGet(request);
  return listed(
    visible(routing.context.store.ofType(type.type), type, request).map((one) =>
      renderResource(one, routing.context, request.query),
    ),
  );
}

async function pollOperation(kind: string, name: string, routing: Routing): Promise<Answer> {
  const found = routing.context.store.operation(name);
  if (!found)
    throw new ArmError(
      404,
      "OperationNotFound",
      `The operation '${name}' was not found: it never was, or it ended long ago.`,
    );
  const operation = await routing.ended(found);
  const running = operation.status === "InProgress";
  const retry = { "Retry-After": "1" };
  if (kind === "operations")
    return { status: 200, ...(running && { headers: retry }), body: renderOperation(operation) };
  if (running) {
    const location = `${routing.context.origin}/subscriptions/${routing.context.options.subscriptionId}/operationResults/${name}?api-version=2021-04-01`;
    return { status: 202, headers: { ...retry, Location: location } };
  }
  if (operation.error) throw new ArmError(409, operation.error.code, operation.error.message, operation.error);
  return { status: 200, ...(operation.result !== undefined && { body: operation.result }) };
}

function routeGroup(request: Request, name: string, rest: string[], routing: Routing): Answer {
  const { context } = routing;
  const id = groupId(context.options.subscriptionId, name);
  const group = context.store.get(id);
  const [providers, namespace, ...path] = rest;
  if (providers === undefined) return onResource(request, typeNamed(types.resourceGroup)!, id, group, routing, []);
  if (!group) throw groupMissing(name);
  if (providers.toLowerCase() === "resources") {
    checkVersion(request, resourceGroups);
    const inside = context.store
      .all()
      .filter((one) => isTopLevel(one) && one.type !== types.resourceGroup && one.key.startsWith(`${group.key}/`));
    return listed(matching(inside, request.query).map(renderShort));
  }
  if (providers.toLowerCase() !== "providers" || namespace === undefined || path.length === 0) throw notFound(request);
  return routeResource(request, group, namespace, path, routing);
}

/** `path` is `{type}/{name}[/{type}/{name}...]`, then perhaps a child type to list, a view or an action. */
function routeResource(request: Request, group: Resource, namespace: string, path: string[], routing: Routing): Answer {
  const { store } = routing.context;
  const names = path.filter((_, index) => index % 2 === 1);
  const chain = path.filter((_, index) => index % 2 === 0);
  const last = path.length % 2 === 1 ? chain.at(-1)! : undefined;
  const chainToResource = last === undefined ? chain : chain.slice(0, -1);
  if (last !== undefined && chainToResource.length === 0) {
    const type = typeOf(namespace, [last], request);
    onlyGet(request);
    return listChildren(group.id, type, request, routing);
  }
  const type = longestType(namespace, chainToResource, request);
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
  const childType = last === undefined ? undefined : typeNamed([namespace, ...chainToResource, last].join("/"));
  if (childType) {
    if (!store.get(id)) throw parentMissing(request, id);
    checkVersion(request, childType);
    onlyGet(request);
    return listChildren(id, childType, request, routing);
  }
  // What stands behind the resource's own ID: a view, an action, or a part that has no type of its own.
  const tail = path.slice(depth * 2);
  return onResource(request, type, id, store.get(id), routing, tail);
}

function listChildren(parent: string, type: ResourceType, request: Request, { context }: Routing): Answer {
  const inside = context.store
    .ofType(type.type)
    .filter(
      (one) =>
        one.key.startsWith(`${keyOf(parent)}/`) &&
        (type.type.split("/").length === 2 || keyOf(parentOf(one.id)) === keyOf(parent)),
    );
  return listed(visible(inside, type, request).map((one) => renderResource(one, context, request.query)));
}

const visible = (resources: Resource[], type: ResourceType, request: Request): Resource[] =>
  type.filter?.(resources, request.query) ?? resources;

function onResource(
  request: Request,
  type: ResourceType,
  id: string,
  existing: Resource | undefined,
  routing: Routing,
  tail: string[],
): Answer {
  const { context } = routing;
  checkVersion(request, type);
  if (tail.length > 0) return onTail(request, type, existing ?? missing(type, id), routing, tail);
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
        headers: { ETag: etagOf(resource, type) },
        body: renderResource(resource, context, request.query),
      };
    }
    case "HEAD":
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
function onTail(
  request: Request,
  type: ResourceType,
  resource: Resource,
  { context }: Routing,
  tail: string[],
): Answer {
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
  onlyGet(request);
  const shown = view(resource, context, request.query);
  if (name === undefined) return { status: 200, body: shown };
  const part = (shown as { value?: { name: string }[] }).value?.find(
    (one) => one.name.toLowerCase() === name.toLowerCase(),
  );
  if (!part) throw new ArmError(404, "NotFound", `Resource ${resource.id}/${word}/${name} not found.`);
  return { status: 200, body: part };
}

const listed = (value: object[]): Answer => ({ status: 200, body: { value } });

function onlyGet(request: Request): void {
  if (request.method !== "GET") throw methodNotAllowed(request, request.path);
}
