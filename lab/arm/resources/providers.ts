/** Resource providers as clients ask for them: all that the lab has is registered. */
import { ArmError } from "../errors.ts";
import { locations } from "../locations.ts";
import { resourceTypes } from "../registry.ts";
import type { Context } from "../types.ts";
import { versionsOf } from "../versions.ts";

const namespaces = [...new Set(resourceTypes.map((type) => type.type.split("/")[0]!))].sort();

export function renderProvider(namespace: string, { options }: Context): object {
  const name = namespaces.find((one) => one.toLowerCase() === namespace.toLowerCase());
  if (name === undefined)
    throw new ArmError(404, "InvalidResourceNamespace", `The resource namespace '${namespace}' is invalid.`);
  return {
    id: `/subscriptions/${options.subscriptionId}/providers/${name}`,
    namespace: name,
    registrationPolicy: "RegistrationRequired",
    registrationState: "Registered",
    resourceTypes: resourceTypes
      .filter((type) => type.type.startsWith(`${name}/`))
      .map((type) => ({
        resourceType: type.type.slice(name.length + 1),
        locations: type.location === "global" ? ["global"] : locations.map((one) => one.displayName),
        apiVersions: [...versionsOf(type.type)].reverse(),
        capabilities: "None",
      })),
  };
}

export const renderProviders = (context: Context): object[] => namespaces.map((name) => renderProvider(name, context));
