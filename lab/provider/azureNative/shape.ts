/** From azure-native's inputs to an SDK call's body, and from its result to azure-native's outputs. */
import { isObject } from "../plugin/values.ts";
import type { Properties, Value } from "../plugin/values.ts";
import { parameters } from "./resources.ts";
import type { ResourceType } from "./resources.ts";

/** Marks a resource with a made-up name: its replacement can be made before it is deleted. */
export const createBeforeDelete = "__createBeforeDelete";

/** What goes into the request's body, in azure-native's shape. */
export function bodyInputs(type: ResourceType, inputs: Properties): Properties {
  const elsewhere = new Set([...parameters(type), "azureApiVersion", createBeforeDelete]);
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !elsewhere.has(name)));
}

/** The body in the SDK's shape. Both flatten `properties`; they differ where that makes two properties share a name. */
export function toSdk(type: ResourceType, given: Properties): Record<string, unknown> {
  const body = withIdentityKeys(given);
  if (type.token === "compute:VirtualMachineScaleSet") return rename(body, scaleSetNames) as Record<string, unknown>;
  if (type.token === "monitor:AutoscaleSetting") {
    const { name, ...rest } = body;
    return { ...(rename(rest, {}, ["start", "end"]) as Properties), namePropertiesName: name };
  }
  return body;
}

/** Identities are a list of IDs to azure-native, and keys of an object to ARM. */
export function withIdentityKeys(body: Properties): Properties {
  const { identity } = body;
  if (!isObject(identity) || !Array.isArray(identity["userAssignedIdentities"])) return body;
  const keys = identity["userAssignedIdentities"].flatMap((id) => (typeof id === "string" ? [[id, {}] as const] : []));
  return { ...body, identity: { ...identity, userAssignedIdentities: Object.fromEntries(keys) } };
}

function withIdentityList(outputs: Properties): Properties {
  const { identity } = outputs;
  if (!isObject(identity) || !isObject(identity["userAssignedIdentities"])) return outputs;
  return {
    ...outputs,
    identity: { ...identity, userAssignedIdentities: Object.keys(identity["userAssignedIdentities"]) },
  };
}

/** Outputs in azure-native's shape; `id` is the resource's ID and no output. */
export function toOutputs(type: ResourceType, result: object): Properties {
  const plain = JSON.parse(JSON.stringify(result), (_, value: unknown) => value ?? undefined) as Properties;
  delete plain["id"];
  plain["azureApiVersion"] = type.apiVersion;
  if (type.token === "compute:VirtualMachineScaleSet") {
    return rename(plain, { typePropertiesType: "type", diskIopsReadWrite: "diskIOPSReadWrite" }) as Properties;
  }
  if (type.token === "monitor:AutoscaleSetting") {
    // Not flattened by azure-native, since the setting has a `name` of its own in there.
    const { name, type: kind, location, tags, systemData, azureApiVersion, namePropertiesName, ...properties } = plain;
    const outer: Properties = { name: name!, type: kind!, location: location!, azureApiVersion: azureApiVersion };
    if (tags !== undefined) outer["tags"] = tags;
    if (systemData !== undefined) outer["systemData"] = systemData;
    return {
      ...outer,
      properties: namePropertiesName === undefined ? properties : { ...properties, name: namePropertiesName },
    };
  }
  return plain;
}

/** Outputs as inputs would have them: what has changed in these has changed in Azure. */
export function projectInputs(type: ResourceType, outputs: Properties): Properties {
  const { properties, ...outer } = outputs;
  const flat =
    type.token === "monitor:AutoscaleSetting" && isObject(properties) ? { ...outer, ...properties } : outputs;
  return Object.fromEntries(Object.entries(withIdentityList(flat)).filter(([name]) => !type.readOnly.includes(name)));
}

// An extension's own `type` (its publisher's name for it), next to ARM's resource type.
const scaleSetNames = { type: "typePropertiesType", diskIOPSReadWrite: "diskIopsReadWrite" };

function rename(value: Value, names: Record<string, string>, dates: string[] = [], path = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, names, dates, path));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      // Settings are the extension's own business; `type` is renamed in extensions only (an identity has a `type` too).
      if (name === "settings" || name === "protectedSettings" || name === "tags") return [name, item];
      const renamed = name !== "type" || path.endsWith("extensions") ? (names[name] ?? name) : name;
      if (dates.includes(name) && path.endsWith("fixedDate") && typeof item === "string")
        return [renamed, new Date(item)];
      return [renamed, rename(item, names, dates, `${path}.${name}`)];
    }),
  );
}

/**
 * Paths of inputs that are not in the request that the SDK sent. An SDK leaves out what it does not know without a
 * word; the real plugin would have sent it.
 */
export function lostInputs(
  inputs: Properties,
  sent: unknown,
  spellings: Readonly<Record<string, string>> = {},
): string[] {
  const arrived = new Set<string>();
  walk(sent, {}, "", "", (_, key) => arrived.add(key));
  const lost: string[] = [];
  walk(inputs, spellings, "", "", (path, key) => {
    if (!arrived.has(key)) lost.push(path);
  });
  return lost;
}

function walk(
  value: unknown,
  spellings: Readonly<Record<string, string>>,
  path: string,
  key: string,
  leaf: (path: string, key: string) => void,
): void {
  if (value === null || value === undefined) return;
  if (typeof value !== "object") return leaf(path, key);
  for (const [name, item] of Object.entries(value)) {
    const sentName = (spellings[name] ?? name).toLowerCase();
    const step = sentName === "properties" ? "" : `/${sentName}`;
    walk(item, spellings, path === "" ? name : `${path}.${name}`, key + step, leaf);
  }
}
