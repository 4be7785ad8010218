/** What a resource of azure-native is called in an ARM template: type, name, API version. Pure. */
import { resourcePaths } from "../../azure/resourceIds.ts";

/** API versions that azure-native 3.28 uses where a type names none; its SDK says so of each resource. */
const apiVersions: Readonly<Record<string, string>> = {
  "azure-native:resources": "2024-03-01",
  "azure-native:network": "2024-05-01",
  "azure-native:compute": "2024-11-01",
  "azure-native:monitor": "2021-05-01-preview",
  "azure-native:dns": "2023-07-01-preview",
  "azure-native:privatedns": "2024-06-01",
  "azure-native:managedidentity": "2023-01-31",
  "azure-native:authorization": "2022-04-01",
  "azure-native:keyvault": "2024-11-01",
  "azure-native:storage": "2024-01-01",
};

export const isAzureNative = (type: string) => type.startsWith("azure-native:");

/** A type token without its API version: `azure-native:network/v20250101:Subnet` is `azure-native:network:Subnet`. */
export const unversioned = (type: string) => type.replace(/\/v\d{8}(preview)?:/, ":");

/** The API version by which a type's resources are made. */
export function apiVersionOf(type: string): string {
  const [, year, month, day, preview] = /\/v(\d{4})(\d{2})(\d{2})(preview)?:/.exec(type) ?? [];
  if (year !== undefined) return `${year}-${month}-${day}${preview === undefined ? "" : "-preview"}`;
  const module = type.slice(0, type.lastIndexOf(":"));
  const version = apiVersions[module];
  if (version === undefined)
    throw new RangeError(`module: given ${module}, allowed are ${Object.keys(apiVersions).join(", ")}`);
  return version;
}

/** The inputs of a type that stand in its ID, and so in no body. */
export function parametersOf(type: string): string[] {
  return [...pathOf(type).matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
}

/** ARM's type and the full name, `<network>/<subnet>`, of a resource whose parameters have these values. */
export function armNameOf(type: string, valueOf: (parameter: string) => string): { type: string; name: string } {
  const [namespace = "", ...segments] = pathOf(type).split("/providers/").at(-1)?.split("/") ?? [];
  const value = (segment: string) => {
    const parameter = /^\{(\w+)\}$/.exec(segment)?.[1];
    return parameter === undefined ? segment : valueOf(parameter);
  };
  const kinds = segments.filter((_, index) => index % 2 === 0).map(value);
  const names = segments.filter((_, index) => index % 2 === 1).map(value);
  return { type: [namespace, ...kinds].join("/"), name: names.join("/") };
}

function pathOf(type: string): string {
  const path = resourcePaths[unversioned(type)];
  if (path === undefined) {
    throw new RangeError(
      `type: given ${type}, allowed are ${Object.keys(resourcePaths).join(", ")}; azure/resourceIds.ts`,
    );
  }
  return path;
}
