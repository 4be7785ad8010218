/** ARM templates against the same cases as the plugin: a resource's body is the one that Azure's own client sends. */
import { expect, test } from "vitest";
import { resourcePaths } from "../../../azure/resourceIds.ts";
import { apiVersionOf, armNameOf, parametersOf } from "../../../delivery/template/armType.ts";
import { bodyOf } from "../../../delivery/template/body.ts";
import { cases, inputsOf, type Case } from "./testing/wireCases.ts";

/** The program's types; a metric's dimensions, which it does not use, are spelled in a way of their own. */
const known = cases
  .filter(({ type }) => `azure-native:${type}` in resourcePaths)
  .map(
    (each) => JSON.parse(JSON.stringify(each, (key, value: unknown) => (key === "dimensions" ? [] : value))) as Case,
  );

test("Every type of the program has its case here.", () => {
  expect(known.map(({ type }) => `azure-native:${type}`).sort()).toEqual(Object.keys(resourcePaths).sort());
});

test.each(known)("$type stands in a template as its REST API has it.", (given) => {
  const type = `azure-native:${given.type}`;
  const inputs = inputsOf(given);
  const inId = parametersOf(type);
  expect(bodyOf(type, Object.fromEntries(Object.entries(inputs).filter(([name]) => !inId.includes(name))))).toEqual(
    given.body,
  );
  expect(apiVersionOf(type)).toBe(given.apiVersion);
  if (given.type === "resources:ResourceGroup") return;
  const { type: armType, name } = armNameOf(type, (parameter) => inputs[parameter] as string);
  // <namespace>/<type>/<type> and <name>/<name> make the path, one after the other.
  const [namespace, ...kinds] = armType.split("/");
  const names = name.split("/");
  const path = [namespace, ...kinds.flatMap((kind, index) => [kind, names[index]])].join("/");
  expect(given.path.endsWith(`/providers/${path}`), path).toBe(true);
});
