import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { model, TestGroup } from "./testing/testGroup.ts";

let lab: TestGroup;
beforeEach(async () => {
  lab = new TestGroup();
  await lab.start();
});
afterEach(() => lab.stop());

test("a look that throws is logged, and the next ones go on", async () => {
  lab.automatic = false;
  void lab.put(model(1)).catch(() => undefined);
  await vi.waitFor(() => expect(lab.ids).toHaveLength(1));
  const { revision } = lab.arm.world();
  const status = { revision, machines: [], probes: [], errors: [] };
  lab.arm.report(status);
  // The report is looked at once a second: from now on each look fails.
  Object.defineProperty(status, "machines", { get: () => expect.fail("the status is broken") });
  const failures = () => lab.logged.filter((line) => line.startsWith("provisioning: ") && line.includes("broken"));
  await vi.waitFor(() => expect(failures().length).toBeGreaterThan(1), { timeout: 5000 });
  lab.report();
  expect(lab.arm.resources().map(({ state }) => state)).not.toContain("Creating");
});
