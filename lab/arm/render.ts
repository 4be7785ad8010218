/** The answer's body of a resource. */
import { withoutNewer } from "./apiVersions.ts";
import type { Context } from "./context.ts";
import { keyOf, parentOf } from "./ids.ts";
import { typeNamed } from "./registry.ts";
import type { Resource } from "./resource.ts";
import type { Dialect, ResourceType } from "./resourceType.ts";
import { types } from "./typeNames.ts";

export function renderResource(resource: Resource, context: Context, query: URLSearchParams): Record<string, unknown> {
  const type = typeNamed(resource.type)!;
  const { location, tags } = resource.body;
  const withLocation = type.location === "global" ? "global" : location;
  const answer = {
    id: resource.id,
    name: resource.name,
    type: resource.type,
    ...(withLocation !== undefined && { location: withLocation }),
    ...(tags && { tags }),
    ...(type.dialect === "network" || type.dialect === "dns" ? { etag: etagOf(resource, type) } : {}),
    ...type.render(resource, context, query),
  };
  return withoutNewer(answer, type.introduced ?? {}, query.get("api-version") ?? "");
}

/** Network types write a weak ETag, the DNS ones the bare value. */
export const etagOf = (resource: Resource, type: ResourceType): string =>
  type.dialect === "network" ? `W/"${resource.etag}"` : resource.etag;

const withoutEtag: readonly Dialect[] = ["arm", "authorization", "identity", "keyvault", "storage"];

/** These have no ETag. */
export const etagHeader = (resource: Resource, type: ResourceType): Record<string, string> =>
  withoutEtag.includes(type.dialect) ? {} : { ETag: etagOf(resource, type) };

/** The short form in which resources are listed across types. */
export function renderShort(resource: Resource): object {
  const { location, tags, sku, zones } = resource.body as {
    location?: string;
    tags?: object;
    sku?: unknown;
    zones?: unknown;
  };
  const global = typeNamed(resource.type)?.location === "global";
  return {
    id: resource.id,
    name: resource.name,
    type: resource.type,
    location: global ? "global" : location,
    ...(tags && { tags }),
    ...(sku !== undefined && { sku }),
    ...(zones !== undefined && { zones }),
  };
}

/** Child resources are not listed with their group, nor is what extends others. */
export const isTopLevel = (resource: Resource): boolean =>
  resource.type !== types.roleAssignment &&
  resource.type !== types.roleDefinition &&
  resource.type.split("/").length === 2 &&
  keyOf(parentOf(resource.id)) !== "";
