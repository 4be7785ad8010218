import fc from "fast-check";
import { expect, test } from "vitest";
import { fold, summarize } from "./runOutput.ts";

test("no line is longer than the command provider takes, and nothing is lost", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.integer({ min: 1, max: 7 }), (line, longest) => {
      const pieces = fold(line, longest);
      expect(pieces.join("")).toBe(line);
      expect(pieces.every((piece) => piece.length <= longest)).toBe(true);
    }),
  );
});

test("a summary tells each failure's machine, task and message, and shortens what is long", () => {
  const failure = (message: string) => JSON.stringify({ host: "front1.dev", task: "js : Run", message });
  expect(summarize(`${failure("no")}\n${failure(`${"x".repeat(600)}\n${"y\n".repeat(20)}`)}\n`)).toBe(
    `front1.dev: task "js : Run" failed\n    no\n` +
      `front1.dev: task "js : Run" failed\n    ${"x".repeat(500)}...\n${"    y\n".repeat(14)}`,
  );
  expect(summarize("")).toBe("");
});
