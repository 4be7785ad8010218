import { expect, test } from "vitest";
import { differences } from "./diff.ts";
import { Secret, unknown } from "./values.ts";

const update = { kind: "update", replace: false };

test("Differences are told by path, down to the value that differs.", () => {
  const olds = { sku: { name: "a", capacity: 2 }, zones: ["1", "2"], gone: true };
  const news = { sku: { name: "a", capacity: 3 }, zones: ["1", "3", "4"], tags: { "a.b": "c" } };
  expect(differences(olds, news, [])).toEqual(
    new Map([
      ["sku.capacity", update],
      ["zones[1]", update],
      ["zones[2]", { kind: "add", replace: false }],
      ["gone", { kind: "delete", replace: false }],
      ["tags", { kind: "add", replace: false }],
    ]),
  );
  expect([...differences({ tags: {} }, { tags: { "a.b": "c" } }, []).keys()]).toEqual(['tags["a.b"]']);
});

test("An immutable property replaces wherever in it something changes; list elements are named [].", () => {
  expect(differences({ sku: { name: "a" } }, { sku: { name: "b" } }, ["sku"]).get("sku.name")?.replace).toBe(true);
  const olds = { parts: [{ name: "a", size: 1 }] };
  const found = differences(olds, { parts: [{ name: "b", size: 2 }] }, ["parts[].name"]);
  expect([found.get("parts[0].name")?.replace, found.get("parts[0].size")?.replace]).toEqual([true, false]);
});

test("An unknown value may differ from anything; a secret is compared by what it hides.", () => {
  expect(differences({ a: "x" }, { a: unknown }, [])).toEqual(new Map([["a", update]]));
  expect(differences({ a: new Secret("x") }, { a: new Secret("x") }, []).size).toBe(0);
  expect(differences({ a: new Secret({ b: 1 }) }, { a: { b: 2 } }, [])).toEqual(new Map([["a.b", update]]));
});

test("An absent value and null are the same.", () => {
  expect(differences({ a: null }, {}, []).size).toBe(0);
});
