import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rules, stackRules } from "./rules/index.ts";

test("the document has every rule, with what others call it", () => {
  const text = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  for (const { name, asks, ids, advisory } of [...rules, ...stackRules]) {
    expect(text).toContain(`| \`${name}\` | ${asks}${advisory ? " (told only)" : ""} | ${ids.join(", ")} |`);
  }
});

test("each rule has a name of its own", () => {
  const names = [...rules, ...stackRules].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
