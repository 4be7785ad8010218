import { expect, test } from "vitest";
import { chosenExperiments, possible, readings } from "./selection.ts";

const all = ["front-power", "front-slow", "back-power"].map((name) => ({ name }));
const names = (...only: string[]) => chosenExperiments(all, only).map(({ name }) => name);

test("without names all are chosen; with names those, in their own order", () => {
  expect(names()).toEqual(["front-power", "front-slow", "back-power"]);
  expect(names("back-power", "front-power")).toEqual(["front-power", "back-power"]);
});

test("a star stands for anything, a comma separates", () => {
  expect(names("front-*")).toEqual(["front-power", "front-slow"]);
  expect(names("*-power,front-slow")).toEqual(["front-power", "front-slow", "back-power"]);
});

test("a name that nothing has is an error that names what there is", () => {
  expect(() => names("front-power", "frontpower")).toThrow(
    "no experiment is called frontpower; there are: front-power, front-slow, back-power",
  );
});

test("experiments with a silent machine are run under each reading that is asked for, and are called so", () => {
  const experiments = [{ name: "back-power", silent: true }, { name: "back-slow" }];
  const labels = (given: Parameters<typeof readings>[1]) =>
    readings(experiments, given).map(({ label, reading }) => `${label}: ${reading}`);
  expect(labels("both")).toEqual([
    "back-power ignored: ignored",
    "back-power repaired: repaired",
    "back-slow: ignored",
  ]);
  expect(labels("repaired")).toEqual(["back-power repaired: repaired", "back-slow: repaired"]);
});

test("experiments about the capacity are left out where it is not measured, unless nothing else is asked for", () => {
  const [plain, overload] = [{ name: "back-slow" }, { name: "overload-2", needsCapacity: true }];
  expect(possible([plain, overload], true)).toEqual([[plain, overload], []]);
  expect(possible([plain, overload], false)).toEqual([[plain], ["overload-2"]]);
  expect(() => possible([overload], false)).toThrow("--rate measures no capacity, which this needs: overload-2");
});
