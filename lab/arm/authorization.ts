/** What who asks may do: one check before every answer below a subscription. */
import { entryOf } from "./access/principals.ts";
import { mayAct } from "./access/rights.ts";
import type { Context } from "./context.ts";
import { ArmError } from "./errors.ts";
import type { Request } from "./http.ts";
import { isRegistered } from "./registrations.ts";

const verbs: Record<string, string> = { GET: "read", HEAD: "read", PUT: "write", PATCH: "write", DELETE: "delete" };

/** Of the `providers` to whose namespace the request goes. Names stand at odd places: one may be called so, too. */
function providerOf(segments: readonly string[]): number {
  const at = segments.findLastIndex((segment, index) => index % 2 === 0 && segment.toLowerCase() === "providers");
  // Features are of a provider, and belong to another one.
  return segments[at - 1]?.toLowerCase() === "microsoft.features" ? at - 2 : at;
}

/** The operation that a request asks for, as roles name it: `Microsoft.Compute/virtualMachines/restart/action`. */
export function actionOf({ method, segments }: Pick<Request, "method" | "segments">): string {
  const at = providerOf(segments);
  const verb = verbs[method] ?? "action";
  const inProvider = at > 0 && segments[at + 1] !== undefined;
  const namespace = inProvider ? segments[at + 1]! : "Microsoft.Resources";
  const path = inProvider ? segments.slice(at + 2) : segments;
  // It is asked by POST, and roles name it as a read.
  if (inProvider && path.length === 1 && /^checkNameAvailability$/i.test(path[0]!))
    return `${namespace}/checkNameAvailability/read`;
  // A provider itself belongs to the subscription, its registration to the provider.
  if (inProvider && path.length === 0) return `Microsoft.Resources/subscriptions/providers/${verb}`;
  if (inProvider && at === 2 && path.length === 1 && method === "POST") return `${namespace}/${path[0]}/action`;
  // Types and names take turns. What stands behind a name is a type, a view, or with POST an action.
  const types = path.filter((_, index) => index % 2 === 0);
  return [namespace, ...types, verb].join("/");
}

/** The resource, group or subscription that is asked: without the last type of a list, and without an action. */
function scopeOf({ segments }: Request): string {
  const at = providerOf(segments);
  const path = at < 0 ? segments : segments.slice(at + 2);
  const named = path.slice(0, path.length - (path.length % 2));
  const isResource = named.length > 0 && named[0]!.toLowerCase() !== "locations";
  return `/${(at < 0 ? named : isResource ? segments.slice(0, at + 2 + named.length) : segments.slice(0, at)).join("/")}`;
}

/** Refuses what who asks may not do, and what belongs to a provider that is not registered. */
export function checkAllowed(request: Request, context: Context): void {
  const action = actionOf(request);
  const scope = scopeOf(request);
  const { principalId } = request;
  if (!mayAct(context, principalId, "action", action, scope)) {
    throw new ArmError(
      403,
      "AuthorizationFailed",
      `The client '${clientOf(principalId, context)}' with object id '${principalId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
  }
  const namespace = action.slice(0, action.indexOf("/"));
  if (isRegistered(namespace, context) || /\/(un)?register\/action$/i.test(action)) return;
  const message = `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`;
  const code = "MissingSubscriptionRegistration";
  throw new ArmError(409, code, message, { details: [{ code, target: namespace, message }] });
}

const clientOf = (principalId: string, context: Context): string =>
  entryOf(principalId, context)?.clientId ?? principalId;

/** What a reference to a resource of one of these types needs besides the right to write what refers to it. */
const linked: readonly [RegExp, action?: string][] = [
  [/\/virtualNetworks\/[^/]+$/i],
  [/\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i],
  [/\/networkSecurityGroups\/[^/]+$/i],
  [/\/natGateways\/[^/]+$/i],
  [/\/publicIPAddresses\/[^/]+$/i],
  [/\/loadBalancers\/[^/]+\/backendAddressPools\/[^/]+$/i],
  [/\/userAssignedIdentities\/[^/]+$/i, "assign"],
];

/** Refuses a reference that who asks may not make. */
export function checkJoin(referrer: string, target: string, context: Context, principalId: string): void {
  const found = linked.find(([pattern]) => pattern.test(target));
  if (!found) return;
  const verb = /\/virtualNetworkPeerings\/[^/]+$/i.test(referrer) ? "peer" : (found[1] ?? "join");
  const action = actionOf({ method: "POST", segments: [...target.split("/").slice(1), verb] });
  if (mayAct(context, principalId, "action", action, target)) return;
  const write = actionOf({ method: "PUT", segments: referrer.split("/").slice(1) });
  throw new ArmError(
    403,
    "LinkedAuthorizationFailed",
    `The client '${clientOf(principalId, context)}' with object id '${principalId}' has permission to perform action '${write}' on scope '${referrer}'; however, it does not have permission to perform action '${action}' on the linked scope(s) '${target}' or the linked scope(s) are invalid.`,
  );
}
