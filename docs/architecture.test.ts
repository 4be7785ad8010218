import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (file: string) => readFileSync(join(import.meta.dirname, file), "utf8");

test("the picture is the one of its source (else: make docs)", () => {
  const hash = createHash("sha256").update(read("architecture.dot")).digest("hex");
  expect(read("architecture.svg")).toContain(`<!-- sha256 of architecture.dot: ${hash} -->`);
});

test("the stages of the picture, of the page and of the import rules are the same", () => {
  const rules = /const stages = \[(.*?)\]/s.exec(read("../.dependency-cruiser.mjs"))?.[1] ?? "";
  const stages = [...rules.matchAll(/"([a-z]+)"/g)].map(([, name]) => name);
  expect(stages).toHaveLength(9);
  expect([...read("architecture.md").matchAll(/^\| `([a-z]+)\/` \|/gm)].map(([, name]) => name)).toEqual(stages);
  expect([...read("architecture.dot").matchAll(/^ {4}([a-z]+) \[label="\1\//gm)].map(([, name]) => name)).toEqual(
    stages,
  );
});
