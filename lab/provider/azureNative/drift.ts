/** A refresh: which inputs would have led to what Azure has now. */
import { equal } from "../plugin/diff.ts";
import { isObject } from "../plugin/values.ts";
import type { Properties, Value } from "../plugin/values.ts";
import { parameters, parseId } from "./resources.ts";
import type { ResourceType } from "./resources.ts";
import { projectInputs } from "./shape.ts";

/**
 * The old inputs with what changed in Azure since: old outputs against new ones, so that values that Azure filled in
 * itself, or returns in another form, or never returns (secrets, custom data), are no drift.
 */
export function driftedInputs(type: ResourceType, inputs: Properties, olds: Properties, news: Properties): Properties {
  const before = projectInputs(type, olds);
  const now = projectInputs(type, news);
  for (const child of type.children) {
    if (inputs[child] === undefined) {
      delete before[child];
      delete now[child];
    }
  }
  return applyChanges(inputs, before, now, true);
}

/** `open`: what is new in Azure is an input. */
function applyChanges(inputs: Properties, before: Properties, now: Properties, open: boolean): Properties {
  const result = { ...inputs };
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [old, current, input] = [before[name], now[name], inputs[name]];
    if (old !== undefined && current !== undefined && equal(old, current)) continue;
    if (current === undefined) delete result[name];
    else if (input !== undefined)
      result[name] = old === undefined ? current : applyChange(input, old, current, maps.includes(name));
    // Deeper down there is no telling an input from what Azure reports (IDs, etags, states).
    else if (open) result[name] = withoutReports(current);
  }
  return result;
}

/** Their names are the user's. */
const maps = ["tags", "metadata"];

function applyChange(input: Value, old: Value, current: Value, open = false): Value {
  if (isObject(input) && isObject(old) && isObject(current)) return applyChanges(input, old, current, open);
  if (Array.isArray(input) && Array.isArray(old) && Array.isArray(current)) {
    return current.map((item, i) => {
      if (i >= input.length || i >= old.length) return withoutReports(item);
      return equal(old[i]!, item) ? input[i]! : applyChange(input[i]!, old[i]!, item);
    });
  }
  return current;
}

const reports = ["etag", "provisioningState", "type", "resourceGuid"];

function withoutReports(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutReports);
  if (!isObject(value)) return value;
  const named = "name" in value && "id" in value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !named || (name !== "id" && !reports.includes(name)))
      .map(([name, item]) => [name, withoutReports(item)]),
  );
}

/** Inputs of a resource that is imported: everything that Azure has and an input can say. */
export function importedInputs(type: ResourceType, id: string, outputs: Properties): Properties {
  const values = parseId(type, id);
  const names = Object.fromEntries(parameters(type).map((name) => [name, values[name]!]));
  return {
    ...(withoutReports(projectInputs(type, outputs)) as Properties),
    ...names,
    azureApiVersion: type.apiVersion,
  };
}
