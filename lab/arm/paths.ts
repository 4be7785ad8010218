/** Resource types by path, api-versions, and what is answered for a path that leads nowhere. */
import { ArmError, badRequest } from "./errors.ts";
import type { Request } from "./http.ts";
import { namespaces, typeNamed } from "./registry.ts";
import type { ResourceType } from "./resourceType.ts";
import { types } from "./typeNames.ts";

export function typeOf(namespace: string, chain: string[], request: Request): ResourceType {
  const type = typeNamed([namespace, ...chain].join("/"));
  if (type) return type;
  const known = namespaces.some((one) => one.toLowerCase() === namespace.toLowerCase());
  if (!known) throw new ArmError(404, "InvalidResourceNamespace", `The resource namespace '${namespace}' is invalid.`);
  const version = request.query.get("api-version") ?? "";
  throw new ArmError(
    404,
    "InvalidResourceType",
    `The resource type '${chain.join("/")}' could not be found in the namespace '${namespace}' for api version '${version}'.`,
  );
}

/** Parts of a resource (a load balancer's probes) have no type of their own: the type is the longest known one. */
export function longestType(namespace: string, chain: string[], request: Request): ResourceType {
  for (let length = chain.length; length > 1; length -= 1) {
    const type = typeNamed([namespace, ...chain.slice(0, length)].join("/"));
    if (type) return type;
  }
  return typeOf(namespace, chain.slice(0, 1), request);
}

export function checkVersionIsGiven(request: Request): void {
  if (request.query.get("api-version")) return;
  throw badRequest(
    "MissingApiVersionParameter",
    "The api-version query parameter (?api-version=) is required for all requests.",
  );
}

/** Refuses a request without an api-version that the type knows. */
export function checkVersion(
  request: Request,
  { type, apiVersions }: Pick<ResourceType, "type" | "apiVersions">,
): void {
  checkVersionIsGiven(request);
  const version = request.query.get("api-version")!;
  if (apiVersions.includes(version)) return;
  const list = apiVersions.join(", ");
  if (type === types.resourceGroup || !/^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/.test(version)) {
    throw badRequest(
      "InvalidApiVersionParameter",
      `The api-version '${version}' is invalid. The supported versions are '${list}'.`,
    );
  }
  const short = type.split("/").slice(1).join("/");
  throw badRequest(
    "NoRegisteredProviderFound",
    `No registered resource provider found for API version '${version}' for type '${short}'. The supported api-versions are '${list}'.`,
  );
}

export const methodNotAllowed = (request: Request, what: string): ArmError =>
  new ArmError(405, "HttpMethodNotAllowed", `The HTTP method '${request.method}' is not supported for '${what}'.`);

export const notFound = (request: Request): ArmError =>
  new ArmError(404, "NotFound", `The path '${request.path}' does not exist.`);

export const groupMissing = (name: string): ArmError =>
  new ArmError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);

const typePath = (id: string): string => id.split("/").slice(6).join("/");

export function missing(type: ResourceType, id: string): never {
  if (type.type === types.resourceGroup) throw groupMissing(id.split("/").at(-1)!);
  if (type.missing) throw type.missing(id);
  if (type.type.split("/").length > 2) throw new ArmError(404, "NotFound", `Resource ${id} not found.`);
  throw new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${typePath(id)}' under resource group '${id.split("/")[4]}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

export const parentMissing = (request: Request, id: string): ArmError =>
  request.method === "PUT"
    ? new ArmError(
        404,
        "ParentResourceNotFound",
        `Failed to perform 'write' on resource(s) of type '${typePath(request.path)}', because the parent resource '${id}' could not be found.`,
      )
    : new ArmError(
        404,
        "ResourceNotFound",
        `The Resource '${typePath(id)}' under resource group '${id.split("/")[4]}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
      );

export function onlyGet(request: Request): void {
  if (request.method !== "GET") throw methodNotAllowed(request, request.path);
}
