import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { names, rules, stackRules } from "./rules/index.ts";

test("the document has every rule, with what others call it, and no other", () => {
  const text = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  expect([...text.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name)).toEqual([...names, "waivers"]);
  for (const { name, asks, ids, advisory } of [...rules, ...stackRules]) {
    expect(text).toContain(`| \`${name}\` | ${asks}${advisory ? " (told only)" : ""} | ${ids.join(", ")} |`);
  }
});

test("each rule has a name of its own", () => {
  expect(new Set(names).size).toBe(names.length);
});
