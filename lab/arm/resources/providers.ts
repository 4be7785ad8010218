/** Resource providers and features as clients ask for them, and their registration. */
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import { locations } from "../locations.ts";
import { namespaces, resourceTypes } from "../registry.ts";
import { features, isRegistered, limitsOf, putLimits, withRegistration } from "../limits.ts";

export function renderProvider(namespace: string, { options, store }: Context): object {
  const name = namespaces.find((one) => one.toLowerCase() === namespace.toLowerCase());
  if (name === undefined)
    throw new ArmError(404, "InvalidResourceNamespace", `The resource namespace '${namespace}' is invalid.`);
  return {
    id: `/subscriptions/${options.subscriptionId}/providers/${name}`,
    namespace: name,
    registrationPolicy: "RegistrationRequired",
    registrationState: isRegistered(limitsOf(store), name) ? "Registered" : "NotRegistered",
    resourceTypes: resourceTypes
      .filter((type) => type.type.startsWith(`${name}/`))
      .map((type) => ({
        resourceType: type.type.slice(name.length + 1),
        locations: type.location === "global" ? ["global"] : locations.map((one) => one.displayName),
        apiVersions: [...type.apiVersions].reverse(),
        capabilities: "None",
      })),
  };
}

export const renderProviders = (context: Context): object[] => namespaces.map((name) => renderProvider(name, context));

/** Of the answer to a registration; the next one tells that it is done. */
export function registerProvider(namespace: string, registered: boolean, context: Context): object {
  const { store } = context;
  const before = renderProvider(namespace, context) as { namespace: string; registrationState: string };
  const isThere = (before.registrationState === "Registered") === registered;
  if (isThere) return before;
  putLimits(store, withRegistration(limitsOf(store), before.namespace, registered));
  return { ...before, registrationState: registered ? "Registering" : "Unregistering" };
}

/** `.../providers/Microsoft.Features/providers/{namespace}/features/{name}`; `change` for a POST of it. */
export function answerFeature(
  namespace: string,
  name: string,
  change: "register" | "unregister" | undefined,
  { store, options }: Context,
): object {
  const feature = features.find((one) => one.toLowerCase() === `${namespace}/${name}`.toLowerCase());
  if (feature === undefined) throw new ArmError(404, "FeatureNotFound", `The feature '${name}' could not be found.`);
  const isThere = isRegistered(limitsOf(store), feature);
  const registered = change === undefined ? isThere : change === "register";
  if (registered !== isThere) putLimits(store, withRegistration(limitsOf(store), feature, registered));
  const state = registered ? "Registered" : "NotRegistered";
  return {
    id: `/subscriptions/${options.subscriptionId}/providers/Microsoft.Features/providers/${namespace}/features/${name}`,
    name: feature,
    type: "Microsoft.Features/providers/features",
    properties: { state: registered === isThere ? state : registered ? "Registering" : "Unregistering" },
  };
}
