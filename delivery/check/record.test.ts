import { expect, test } from "vitest";
import { checkOf, machine } from "../gitlab/testing/checks.ts";
import { checkTitle, hasChanges, isWhole, parseCheck } from "./record.ts";

const changed = machine("front1.prod", { changed: [{ task: "Write", module: "ansible.builtin.copy", diff: "+x" }] });
const same = machine("front2.prod");

test("a record is read as it was written", () => {
  const check = checkOf([changed, machine("back.prod", { unreachable: "no route" })], { error: "one is missing" });
  expect(parseCheck(JSON.stringify(check))).toEqual(check);
});

test.each([
  ["no JSON", "{"],
  ["another version", JSON.stringify({ ...checkOf([]), version: 2 })],
  ["no commit", JSON.stringify({ ...checkOf([]), commit: "main" })],
  ["something else besides", JSON.stringify({ ...checkOf([]), more: 1 })],
  ["a machine without a name", JSON.stringify(checkOf([{ ...same, name: 1 as unknown as string }]))],
])("%s is no record", (_, text) => {
  expect(() => parseCheck(text)).toThrow("this is no record of a check");
});

test.each([
  [checkOf([same]), true, false, "1 machine is as the playbooks say"],
  [checkOf([same, changed]), true, true, "1 of 2 machines differ"],
  [checkOf([same, machine("x", { unreachable: "" })]), false, false, "1 unknown"],
  [checkOf([machine("x", { failed: [{ task: "t", message: "m" }] })]), false, false, "1 unknown"],
  [checkOf([], { outcome: "incomplete", error: "no rights" }), false, false, "not all machines could be looked at"],
  // Whatever a forged record calls it.
  [checkOf([machine("x", { unreachable: "" })], { outcome: "checked" }), false, false, "1 unknown"],
])("what is not known is not taken as fine (%#)", (check, whole, changes, title) => {
  expect([isWhole(check), hasChanges(check)]).toEqual([whole, changes]);
  expect(checkTitle(check)).toContain(title);
});
