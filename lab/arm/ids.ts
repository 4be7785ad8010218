/** Resource IDs: `/subscriptions/{s}/resourceGroups/{g}/providers/{namespace}/{type}/{name}[/{type}/{name}...]`. */

interface ResourceId {
  subscriptionId: string;
  resourceGroup: string;
  namespace: string;
  types: string[];
  names: string[];
}

/** IDs are compared without regard to case. */
export const keyOf = (id: string): string => id.toLowerCase();

/** Undefined when `id` is not the ID of a resource in a resource group. */
export function parseId(id: string): ResourceId | undefined {
  const [, subscriptions, subscriptionId, groups, resourceGroup, providers, namespace, ...rest] = id.split("/");
  if (subscriptions?.toLowerCase() !== "subscriptions" || groups?.toLowerCase() !== "resourcegroups") return undefined;
  if (providers?.toLowerCase() !== "providers" || !subscriptionId || !resourceGroup || !namespace) return undefined;
  if (rest.length === 0 || rest.length % 2 === 1 || rest.some((part) => part === "")) return undefined;
  return {
    subscriptionId,
    resourceGroup,
    namespace,
    types: rest.filter((_, index) => index % 2 === 0),
    names: rest.filter((_, index) => index % 2 === 1),
  };
}

export const groupId = (subscriptionId: string, name: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${name}`;

/** The ID of the resource a child belongs to: `.../virtualNetworks/v/subnets/s` -> `.../virtualNetworks/v`. */
export const parentOf = (id: string): string => id.split("/").slice(0, -2).join("/");

/** The resource group part of an ID. */
export const groupOf = (id: string): string => id.split("/").slice(0, 5).join("/");

export const nameOf = (id: string): string => id.slice(id.lastIndexOf("/") + 1);
