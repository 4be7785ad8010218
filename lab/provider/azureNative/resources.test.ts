import { expect, test } from "vitest";
import { resourcePaths } from "../../../azure/resourceIds.ts";
import { resourceTypes } from "./resources.ts";

test("resources have the IDs that the program knows of them", () => {
  const paths = new Map(resourceTypes.map(({ token, path }) => [`azure-native:${token}`, path]));
  expect(Object.keys(resourcePaths).filter((type) => paths.get(type) !== resourcePaths[type])).toEqual([]);
});
