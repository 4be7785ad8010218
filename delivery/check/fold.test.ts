import { expect, test } from "vitest";
import { Mask } from "../state/mask.ts";
import { fold } from "./fold.ts";

test("of a run that was killed while it wrote, what is whole is told", () => {
  const change = { host: "one", role: null, task: "Write", module: "ansible.builtin.copy", diff: "+x" };
  const failure = { host: "two", task: "Break", message: "no", how: "failed" };
  const written = {
    changes: `${JSON.stringify(change)}\n{"host":"one","ro`,
    failures: `${JSON.stringify(failure)}\n{"host"`,
  };
  expect(fold(written, new Mask([]))).toEqual({
    machines: [
      { name: "one", changed: [{ task: "Write", module: "ansible.builtin.copy", diff: "+x" }], failed: [] },
      { name: "two", changed: [], failed: [{ task: "Break", message: "no" }] },
    ],
    ended: false,
  });
});
