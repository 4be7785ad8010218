/** Drift, and what is none. */
import { readFileSync, rmSync } from "node:fs";
import { expect } from "vitest";
import { parseRecord } from "../../../delivery/record.ts";
import { type Place, stack } from "./place.ts";
import { keyed, living, network, other } from "./resources.ts";

/** What was deleted behind Pulumi's back is told; other machines than those of the last apply are no drift. */
export async function drift(place: Place): Promise<void> {
  const secrets = keyed(place);
  place.live({ inventory: "one", machines: ["a"], capacity: 1 });
  place.write({ program: { resources: [...living(), network({})] }, secrets });
  place.up();
  const out = place.file("drift.json");
  place.live({ inventory: "two", machines: ["a", "b"], capacity: 2 });
  const none = await place.delivery("drift", stack, "--no-machines", "--out", out);
  expect(none.status, none.stdout + none.stderr).toBe(0);
  expect(none.stdout).toBe("stack dev: nothing has drifted at Azure\n");
  expect(parseRecord(readFileSync(out, "utf8")).steps.map(({ exempt }) => exempt)).toEqual([
    ["capacity"],
    ["playbook"],
  ]);
  rmSync(place.file("made/network"));
  const some = await place.delivery("drift", stack, "--no-machines", "--out", out);
  expect(some.status, some.stdout + some.stderr).toBe(1);
  expect(some.stdout).toContain("create azure-native:network:VirtualNetwork network");
  // What was merged since the last apply is none; of the applied commit itself, all is.
  const applied = (commit: string) => place.pulumi("stack", "tag", "set", "delivery:applied", commit, "--stack", stack);
  applied("0".repeat(40));
  place.write({ program: { resources: [...living(), network({}), other()] }, secrets });
  const merged = await place.delivery("drift", stack, "--no-machines", "--out", out);
  expect(merged.status, merged.stdout + merged.stderr).toBe(1);
  expect(merged.stdout).toMatch(/which is no drift: 1\n.*create azure-native:network:VirtualNetwork network/);
  expect(merged.stdout).not.toContain("other");
  const { commit, unapplied } = parseRecord(readFileSync(out, "utf8"));
  expect(unapplied).toBe(1);
  applied(commit);
  expect((await place.delivery("drift", stack, "--no-machines")).stdout).toContain("other");
}
