import { UnknownValueError, unknownCheckingProxy } from "@pulumi/policy";
import { expect, test } from "vitest";
import { at, items, must, mustHave, mustMatch, mustNot, notYetKnown, plain } from "./values.ts";

/** What the engine writes for a string that it does not know yet. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** Exported, but not in the types. */
const proxied = unknownCheckingProxy as (inputs: object) => unknown;
const given = proxied({
  sku: { name: "Basic" },
  id: unknown,
  rules: [{ name: "a", probe: { id: unknown } }, unknown, "b"],
  tags: { tier: undefined, empty: [] },
});

test("a policy's own arguments throw where a value is not known yet", () => {
  expect(() => (given as { id: string }).id).toThrow(UnknownValueError);
});

test("what a rule sees is a copy that throws nowhere", () => {
  expect(plain(given)).toEqual({
    sku: { name: "Basic" },
    id: notYetKnown,
    rules: [{ name: "a", probe: { id: notYetKnown } }, notYetKnown, "b"],
    tags: { tier: undefined, empty: [] },
  });
});

test("what lies behind an unknown value is not known either", () => {
  const inputs = plain(given);
  expect(at(inputs, "sku.name")).toBe("Basic");
  expect(at(inputs, "id.deeper")).toBe(notYetKnown);
  expect(at(inputs, "sku.tier.deeper")).toBeUndefined();
  expect(items(inputs, "rules")).toHaveLength(3);
  expect(items(inputs, "id")).toEqual([]);
});

test("no complaint is made of what is not known yet", () => {
  const inputs = plain(given);
  expect(must(inputs, "id", "x")).toEqual([]);
  expect(mustNot(inputs, "id")).toEqual([]);
  expect(mustHave(inputs, "id", "an ID")).toEqual([]);
  expect(mustMatch(inputs, "id", /^x$/, "x")).toEqual([]);
});

test("a complaint names field, given and allowed", () => {
  const inputs = plain(given);
  expect(must(inputs, "sku.name", "Standard")).toEqual(["sku.name: given Basic, allowed is Standard"]);
  expect(must(inputs, "sku.tier", "Regional", "Global")).toEqual([
    "sku.tier: given nothing, allowed is Regional or Global",
  ]);
  expect(mustNot(inputs, "sku")).toEqual(['sku: given {"name":"Basic"}, allowed is nothing']);
  expect(mustNot(inputs, "tags.empty")).toEqual([]);
  expect(mustMatch(inputs, "sku.name", /^B/, "a B")).toEqual([]);
  // What is not there is no string, not even the one that tells so.
  expect(mustMatch(inputs, "sku.tier", /^nothing$/, "a tier")).toEqual(["sku.tier: given nothing, allowed is a tier"]);
  expect(mustHave(inputs, "tags.tier", "a tier")).toEqual(["tags.tier: given nothing, allowed is a tier"]);
});
