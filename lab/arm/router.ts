/** Paths below /subscriptions: lists across types, providers, operations, and the way to resource groups. */
import { answerAccess } from "./access/router.ts";
import { mayAct } from "./access/rights.ts";
import { checkAllowed } from "./authorization.ts";
import { answerRegion } from "./compute/region.ts";
import type { Context } from "./context.ts";
import { ArmError } from "./errors.ts";
import { listed, type Answer, type Request } from "./http.ts";
import { locations } from "./locations.ts";
import { answerVaults } from "./keyvault/vaultsOfSubscription.ts";
import { renderOperation, type Operation } from "./operation.ts";
import { checkVersion, checkVersionIsGiven, methodNotAllowed, notFound, onlyGet, typeOf } from "./paths.ts";
import { isTopLevel, renderResource, renderShort } from "./render.ts";
import { listResources, routeGroup } from "./resourceRouter.ts";
import { matching, tagFields } from "./resources/filter.ts";
import { permissions } from "./resources/permissions.ts";
import { answerFeature, registerProvider, renderProvider, renderProviders } from "./resources/providers.ts";
import { resourceGroups } from "./resources/resourceGroups.ts";
import { answerStorage } from "./storage/storageOfSubscription.ts";
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
    const [read, id] = ["Microsoft.Resources/subscriptions/read", `/subscriptions/${subscriptionId}`] as const;
    const value = mayAct(context, request.principalId, "action", read, id) ? [renderSubscription(context)] : [];
    return { status: 200, body: { value, count: { type: "Total", value: value.length } } };
  }
  if (subscription.toLowerCase() !== subscriptionId.toLowerCase()) {
    throw new ArmError(
      404,
      "SubscriptionNotFound",
      `The subscription '${subscription}' could not be found. The lab has one: ${subscriptionId}.`,
    );
  }
  checkAllowed(request, context);
  const ofAccess = answerAccess(request, context);
  if (ofAccess) return ofAccess;
  if (/\/providers\/Microsoft\.Authorization\/permissions$/i.test(request.path)) return permissions(request, context);
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
        request,
      );
    case "operations":
    case "operationresults":
      return pollOperation(list, rest[0] ?? "", request, routing);
    case "resourcegroups":
      return rest.length === 0 ? listGroups(request, context) : routeGroup(request, rest[0]!, rest.slice(1), context);
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
  const groups = matching(context.store.ofType(types.resourceGroup), request.query, tagFields);
  return listed(
    groups.map((group) => renderResource(group, context, request.query)),
    request,
  );
}

function routeProviders(request: Request, rest: string[], routing: Routing): Answer | Promise<Answer> {
  const { context } = routing;
  const [namespace, first, second, third, fourth, ...more] = rest;
  const change = registrations.find((one) => one === rest.at(-1)?.toLowerCase());
  if (namespace === undefined || first === undefined || (change && second === undefined)) {
    checkVersion(request, resourceGroups);
    if (namespace === undefined) return listed(renderProviders(context), request);
    if (change === undefined) return { status: 200, body: renderProvider(namespace, context) };
    if (request.method !== "POST") throw methodNotAllowed(request, request.path);
    const work = (): object => registerProvider(namespace, change === "register", context);
    return { status: 200, body: context.store.transaction(work) };
  }
  if (namespace.toLowerCase() === "microsoft.features") return routeFeature(request, rest.slice(1), change, context);
  const ofRegion = namespace.toLowerCase() === "microsoft.compute" && answerRegion(request, rest.slice(1), context);
  if (ofRegion) return ofRegion;
  const ofVaults = namespace.toLowerCase() === "microsoft.keyvault" && answerVaults(request, rest.slice(1), context);
  if (ofVaults) return ofVaults;
  if (first.toLowerCase() === "locations" && second !== undefined && third !== undefined && more.length === 0)
    return pollOperation(third.toLowerCase(), fourth ?? "", request, routing);
  const ofStorage = namespace.toLowerCase() === "microsoft.storage" && answerStorage(request, rest.slice(1), context);
  if (ofStorage) return ofStorage;
  const type = typeOf(namespace, [first], request);
  if (second !== undefined) throw notFound(request);
  checkVersion(request, type);
  onlyGet(request);
  return listResources(context.store.ofType(type.type), type, request, context);
}

const registrations = ["register", "unregister"] as const;

const featureType = { type: "Microsoft.Features/features", apiVersions: ["2015-12-01", "2021-07-01"] };

/** `path` is `providers/{namespace}/features/{name}`, and perhaps what a POST changes. */
function routeFeature(
  request: Request,
  path: string[],
  change: (typeof registrations)[number] | undefined,
  context: Context,
): Answer {
  const [providers, namespace, features, name, ...more] = path;
  const isFeature = providers?.toLowerCase() === "providers" && features?.toLowerCase() === "features";
  if (!isFeature || name === undefined || more.length !== (change ? 1 : 0)) throw notFound(request);
  checkVersion(request, featureType);
  if (request.method !== (change ? "POST" : "GET")) throw methodNotAllowed(request, request.path);
  const work = (): object => answerFeature(namespace!, name, change, context);
  return { status: 200, body: context.store.transaction(work) };
}

async function pollOperation(kind: string, name: string, request: Request, routing: Routing): Promise<Answer> {
  checkVersionIsGiven(request);
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
  if (kind === "operations" && request.query.get("monitor") !== "true")
    return { status: 200, ...(running && { headers: retry }), body: renderOperation(operation) };
  if (running) {
    const location = `${routing.context.origin}${request.path}?${request.query.toString()}`;
    return { status: 202, headers: { ...retry, Location: location } };
  }
  if (operation.error) throw new ArmError(409, operation.error.code, operation.error.message, operation.error);
  return { status: 200, ...(operation.result !== undefined && { body: operation.result }) };
}
