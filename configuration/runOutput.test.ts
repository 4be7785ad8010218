import fc from "fast-check";
import { expect, test } from "vitest";
import { fold, lostMachines, summarize } from "./runOutput.ts";

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
  const failure = (message: string) => JSON.stringify({ host: "front1.dev", task: "js : Run", message, how: "failed" });
  expect(summarize(`${failure("no")}\n${failure(`${"x".repeat(600)}\n${"y\n".repeat(20)}`)}\n`)).toBe(
    `front1.dev: task "js : Run" failed\n    no\n` +
      `front1.dev: task "js : Run" failed\n    ${"x".repeat(500)}...\n${"    y\n".repeat(14)}`,
  );
  expect(summarize("")).toBe("");
});

test("another run is worth it where machines were lost, whoever was silent, and nothing failed on one that answers", () => {
  const line = (host: string, how: string) => `${JSON.stringify({ host, task: "T", message: "", how })}\n`;
  const [lost, silent] = [line("b", "lost"), line("s", "silent")];
  expect(lostMachines(lost + line("a", "lost") + lost)).toEqual(["a", "b"]);
  expect(lostMachines(silent + lost + line("s", "failed"))).toEqual(["b"]);
  expect(lostMachines(lost + line("f", "failed"))).toEqual([]);
  expect(lostMachines(silent + line("s", "failed"))).toEqual([]);
  expect(lostMachines("")).toEqual([]);
});
