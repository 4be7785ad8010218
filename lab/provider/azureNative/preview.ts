/** What a resource will look like, told before it is made: known where it can be known. */
import { isObject, unknown } from "../plugin/values.ts";
import type { Properties, Value } from "../plugin/values.ts";
import { bodyInputs } from "./shape.ts";
import type { ResourceType } from "./resources.ts";

/** Outputs of a resource to be created: its inputs. What is missing here, the program's SDK takes for unknown. */
export function previewCreate(type: ResourceType, inputs: Properties): Properties {
  const outputs = outputsFromInputs(type, inputs);
  for (const part of type.parts) {
    const items = outputs[part];
    if (Array.isArray(items)) outputs[part] = items.map((item) => (isObject(item) ? { ...newPart, ...item } : item));
  }
  return outputs;
}

const newPart = { id: unknown, etag: unknown, provisioningState: unknown, privateIPAddress: unknown };
const volatile = ["etag", "provisioningState"];

/** Outputs of a resource to be updated: as they are, with the new inputs over them. */
export function previewUpdate(type: ResourceType, state: Properties, inputs: Properties): Properties {
  const outputs = overlay(state, outputsFromInputs(type, inputs)) as Properties;
  for (const name of volatile) if (name in outputs) outputs[name] = unknown;
  return outputs;
}

function outputsFromInputs(type: ResourceType, inputs: Properties): Properties {
  const body = bodyInputs(type, inputs);
  const version = { azureApiVersion: inputs["azureApiVersion"] ?? type.apiVersion };
  if (type.token !== "monitor:AutoscaleSetting") return { ...body, ...version };
  const { location, tags, ...properties } = body;
  return { ...(location !== undefined && { location }), ...(tags !== undefined && { tags }), ...version, properties };
}

function overlay(old: Value, now: Value): Value {
  if (isObject(old) && isObject(now)) {
    const merged: Properties = { ...old };
    for (const [name, value] of Object.entries(now)) merged[name] = name in old ? overlay(old[name]!, value) : value;
    return merged;
  }
  if (Array.isArray(old) && Array.isArray(now)) {
    // Parts keep their IDs by name: one that is put in front of others does not take theirs.
    const named = new Map(old.filter(isObject).map((item) => [item["name"], item]));
    return now.map((item, i) => {
      if (!isObject(item) || item["name"] === undefined) return i < old.length ? overlay(old[i]!, item) : item;
      const before = named.get(item["name"]);
      return before ? overlay(before, item) : { ...newPart, ...item };
    });
  }
  return now;
}
