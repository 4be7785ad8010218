import { expect, test } from "vitest";
import { count, positive } from "./program.ts";

test("a count is a whole number above 0, and another value may be a part of one", () => {
  expect([count("1"), count("20"), positive("0.5")]).toEqual([1, 20, 0.5]);
  for (const text of ["0", "0.5", "2.5", "-1", "many", ""])
    expect(() => count(text), text).toThrow("it must be a whole number above 0");
});
