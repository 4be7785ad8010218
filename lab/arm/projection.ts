/** The world that follows from the stored resources: each type projects its own. */
import type { World } from "../world.ts";
import type { StoreContext } from "./context.ts";
import { resourceTypes } from "./registry.ts";
import { isStanding } from "./resource.ts";

export function projectWorld(context: StoreContext): World {
  const { store } = context;
  const parts = resourceTypes.flatMap(({ type, project }) =>
    project
      ? store
          .ofType(type)
          .filter(isStanding)
          .map((resource) => project(resource, context))
      : [],
  );
  return {
    revision: store.revision,
    networks: parts.flatMap(({ networks = [] }) => networks),
    machines: parts.flatMap(({ machines = [] }) => machines),
    loadBalancers: parts.flatMap(({ loadBalancers = [] }) => loadBalancers),
    publicAddresses: parts.flatMap(({ publicAddresses = [] }) => publicAddresses),
    zones: parts.flatMap(({ zones = [] }) => zones),
    scaleSets: parts.flatMap(({ scaleSets = [] }) => scaleSets),
    storageAccounts: parts.flatMap(({ storageAccounts = [] }) => storageAccounts),
  };
}
