/** Resource providers and features as clients ask for them, and their registration. */
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import { locations } from "../locations.ts";
import { namespaces, resourceTypes } from "../registry.ts";
import { features } from "../limits.ts";
import { register, registrationOf, type Registration } from "../registrations.ts";

export function renderProvider(namespace: string, context: Context): { namespace: string; [member: string]: unknown } {
  const { options } = context;
  const name = namespaces.find((one) => one.toLowerCase() === namespace.toLowerCase());
  if (name === undefined)
    throw new ArmError(404, "InvalidResourceNamespace", `The resource namespace '${namespace}' is invalid.`);
  return {
    id: `/subscriptions/${options.subscriptionId}/providers/${name}`,
    namespace: name,
    registrationPolicy: "RegistrationRequired",
    registrationState: registrationOf(name, context),
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

/** Registers it, or ends that, unless it is on its way there or there; returns the state that the answer tells. */
function change(name: string, registered: boolean, context: Context): Registration | "Unregistering" {
  const state = registrationOf(name, context);
  if ((state !== "NotRegistered") === registered) return state;
  register(name, registered, context);
  return registered ? "Registering" : "Unregistering";
}

export function registerProvider(namespace: string, registered: boolean, context: Context): object {
  const before = renderProvider(namespace, context);
  return { ...before, registrationState: change(before.namespace, registered, context) };
}

/** `.../providers/Microsoft.Features/providers/{namespace}/features/{name}`; `wanted` by a POST of it. */
export function answerFeature(
  namespace: string,
  name: string,
  wanted: "register" | "unregister" | undefined,
  context: Context,
): object {
  const feature = features.find((one) => one.toLowerCase() === `${namespace}/${name}`.toLowerCase());
  if (feature === undefined) throw new ArmError(404, "FeatureNotFound", `The feature '${name}' could not be found.`);
  const { subscriptionId } = context.options;
  return {
    id: `/subscriptions/${subscriptionId}/providers/Microsoft.Features/providers/${namespace}/features/${name}`,
    name: feature,
    type: "Microsoft.Features/providers/features",
    properties: {
      state: wanted === undefined ? registrationOf(feature, context) : change(feature, wanted === "register", context),
    },
  };
}
