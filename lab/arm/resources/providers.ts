/** Resource providers as clients ask for them: all that the lab has is registered. */
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import { locations } from "../locations.ts";
import { namespaces, resourceTypes } from "../registry.ts";

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
        apiVersions: [...type.apiVersions].reverse(),
        capabilities: "None",
      })),
  };
}

export const renderProviders = (context: Context): object[] => namespaces.map((name) => renderProvider(name, context));
