import { describe, expect, test } from "vitest";
import { mismatches } from "./match.ts";
import { substitute, variablesIn } from "./variables.ts";

describe("an answer is compared with the part that matters", () => {
  test.for<[string, unknown, unknown, boolean]>([
    ["members that are not expected do not matter", { a: 1 }, { a: 1, b: 2 }, true],
    ["a member that is missing matters", { a: 1 }, { b: 2 }, false],
    ["a list has as many items as expected", [1], [1, 2], false],
    ["items of a list may have more members", [{ a: 1 }], [{ a: 1, b: 2 }], true],
    ["a number is not its text", 1, "1", false],
    ["null is not an object", { a: 1 }, null, false],
    ["an empty object wants an object", {}, "x", false],
    ["$match is a regular expression", { $match: "^a.c$" }, "abc", true],
    ["$match wants a string", { $match: "1" }, 1, false],
    ["$absent is nothing", { a: { $absent: true } }, {}, true],
    ["$absent is not null", { a: { $absent: true } }, { a: null }, false],
    ["$present is anything but nothing and null", { $present: true }, 0, true],
    ["$type of a list is array", { $type: "array" }, [], true],
    ["$oneOf takes patterns", { $oneOf: [1, { $match: "^a" }] }, "ab", true],
    ["$oneOf refuses what is none of them", { $oneOf: [1, 2] }, 3, false],
    ["$not refuses what is like it", { $not: { a: 1 } }, { a: 1, b: 2 }, false],
    ["$ignoreCase", { $ignoreCase: "/A/b" }, "/a/B", true],
    ["$contains wants each item somewhere", { $contains: [{ a: 2 }, { a: 1 }] }, [{ a: 1 }, { a: 2 }, { a: 3 }], true],
    ["$contains tells an item that is nowhere", { $contains: [{ a: 4 }] }, [{ a: 1 }], false],
    ["$every wants all items like it", { $every: { a: 1 } }, [{ a: 1 }, { a: 2 }], false],
    ["$length", { $length: 2 }, [1, 2], true],
  ])("%s", ([, expected, actual, good]) => {
    expect(mismatches(expected, actual, "body").length === 0).toBe(good);
  });

  test("every difference is told, with its path, what was expected and what came", () => {
    expect(mismatches({ a: [{ b: 1 }], c: { $type: "string" } }, { a: [{ b: 2 }], c: 3 }, "body")).toEqual([
      "body.a[0].b: expected 1, got 2",
      "body.c: expected type string, got 3",
    ]);
  });

  test("an operator that does not exist is a mistake of the case", () => {
    expect(() => mismatches({ $matches: "x" }, "x", "body")).toThrow("$matches is no operator");
  });
});

describe("variables", () => {
  const variables = { net: "{group}/providers", group: "/rg", count: 3, whole: { a: [1] } };

  test("stand in strings, keys and lists, and may be made of others", () => {
    expect(substitute({ "{count}": ["{net}/x", 1] }, variables)).toEqual({ "3": ["/rg/providers/x", 1] });
  });

  test("keep their type where they stand alone", () => {
    expect(substitute({ a: "{count}", b: "{whole}" }, variables)).toEqual({ a: 3, b: { a: [1] } });
  });

  test("that do not exist are refused, with those that do", () => {
    expect(() => substitute("{nothing}", variables)).toThrow("{nothing} is not a variable here. Known: count, group");
  });

  test("are found wherever they stand", () => {
    expect(variablesIn({ "{a}": ["{b}/{c}"], d: 1 })).toEqual(["a", "b", "c"]);
  });
});
