/** Inputs that the program left out: a made-up name, a place, the API version. */
import { createHash } from "node:crypto";
import type { CheckRequest, Failure } from "../plugin/plugin.ts";
import { Unknown, unknown } from "../plugin/values.ts";
import type { Properties } from "../plugin/values.ts";
import { parameters } from "./resources.ts";
import type { ResourceType } from "./resources.ts";
import { createBeforeDelete } from "./shape.ts";

/** `locate` finds a resource group's place; undefined when there is no such group. */
export async function applyDefaults(
  type: ResourceType,
  request: CheckRequest,
  configured: string | undefined,
  locate: (resourceGroup: string) => Promise<string | undefined>,
): Promise<{ inputs: Properties; failures: Failure[] }> {
  const inputs = { ...request.news };
  const { parameter, strategy } = type.autoname;
  if (inputs[parameter] === undefined) {
    const name = autoname(request, parameter, strategy);
    if (name) {
      inputs[parameter] = name.name;
      if (name.random) inputs[createBeforeDelete] = true;
    }
  }
  if (type.location && inputs["location"] === undefined) {
    const group = inputs["resourceGroupName"];
    const location =
      request.olds["location"] ??
      configured ??
      (group instanceof Unknown ? unknown : typeof group === "string" ? await locate(group) : undefined);
    if (location !== undefined) inputs["location"] = location;
  }
  inputs["azureApiVersion"] ??= type.apiVersion;

  const failures: Failure[] = parameters(type)
    .filter((name) => inputs[name] === undefined)
    .map((name) => ({ property: name, reason: `missing required property '${name}'` }));
  for (const name of parameters(type)) {
    const value = inputs[name];
    if (value !== undefined && !(value instanceof Unknown) && (typeof value !== "string" || value === "")) {
      failures.push({
        property: name,
        reason: `'${name}' should be a string that is not empty but got ${JSON.stringify(value)}`,
      });
    }
  }
  if (type.location && inputs["location"] === undefined) {
    failures.push({
      property: "location",
      reason:
        "missing required property 'location'. Either set it explicitly or configure it with " +
        "'pulumi config set azure-native:location <value>'.",
    });
  }
  return { inputs, failures };
}

/** A random one, of version 4. */
const uuid = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");

function autoname(
  { name, olds, autonaming, randomSeed }: CheckRequest,
  parameter: string,
  strategy: ResourceType["autoname"]["strategy"],
): { name: string; random: boolean } | undefined {
  const old = olds[parameter];
  if (typeof old === "string") return { name: old, random: olds[createBeforeDelete] === true };
  if (autonaming?.mode === "disable") return undefined;
  if (autonaming && strategy !== "uuid") return { name: autonaming.proposed, random: true };
  if (strategy === "copy") return { name, random: false };
  if (strategy === "uuid")
    return { name: uuid(createHash("sha256").update(randomSeed).update(name).digest("hex")), random: true };
  const suffix = createHash("sha256").update(randomSeed).update(name).digest("hex").slice(0, 8);
  return { name: name + suffix, random: true };
}
