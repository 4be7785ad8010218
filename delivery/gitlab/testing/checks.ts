/** Records of checks of machines, for tests. */
import type { CheckedMachine, CheckRecord } from "../../check/record.ts";
import { commit } from "./records.ts";

export const machine = (name: string, more: Partial<CheckedMachine> = {}): CheckedMachine => ({
  name,
  changed: [],
  failed: [],
  ...more,
});

export const checkOf = (machines: readonly CheckedMachine[], more: Partial<CheckRecord> = {}): CheckRecord => ({
  version: 1,
  stack: "prod",
  commit,
  outcome: "checked",
  machines: [...machines],
  ...more,
});
