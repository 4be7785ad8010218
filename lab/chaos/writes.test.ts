import { expect, test } from "vitest";
import { record } from "./testing/histories.ts";
import { checkWrites } from "./writes.ts";

const write = (id: string, status: number) => record(0, { method: "POST", id, status });

test("writes that were acknowledged and kept once are right", () => {
  expect(checkWrites([write("a", 201), write("b", 201), record(1)], ["b", "a"])).toEqual({
    acknowledged: 2,
    missing: [],
    twice: [],
    unacknowledgedButKept: 0,
  });
});

test("a write that was acknowledged and is not there is missing", () => {
  expect(checkWrites([write("a", 201), write("b", 201)], ["a"]).missing).toEqual(["b"]);
});

test("a write without a good answer may be kept or not", () => {
  const { missing, unacknowledgedButKept, acknowledged } = checkWrites(
    [write("a", 0), write("b", 502), write("c", 201)],
    ["a", "c"],
  );
  expect({ missing, unacknowledgedButKept, acknowledged }).toEqual({
    missing: [],
    unacknowledgedButKept: 1,
    acknowledged: 1,
  });
});

test("a write that is there more than once is found, whatever its answer was", () => {
  expect(checkWrites([write("a", 201), write("b", 0)], ["a", "b", "b", "a", "a"]).twice).toEqual(["a", "b"]);
});
