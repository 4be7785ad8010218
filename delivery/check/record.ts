/** What a run of Ansible in check mode says about a stack's machines, as one file that passes from job to job. */
import { z } from "zod";
import { parseAs } from "../parse.ts";

/** No secret that is known is in it. */
export interface CheckRecord {
  version: 1;
  stack: string;
  /** Commit of the playbooks, 40 hexadecimal digits. */
  commit: string;
  /** Incomplete: not all machines could be looked at, and `error` or the machines say why. */
  outcome: "checked" | "incomplete";
  error?: string;
  /** Those that were looked at, by name. */
  machines: CheckedMachine[];
}

export interface CheckedMachine {
  name: string;
  changed: ChangedTask[];
  failed: FailedTask[];
  /** Why it could not be reached. Undefined where it could. */
  unreachable?: string;
}

/** A task that would change the machine. */
export interface ChangedTask {
  role?: string;
  task: string;
  /** For example `ansible.builtin.template`. */
  module: string;
  /** The difference as Ansible shows it; empty where the task has none, or hides it. */
  diff: string;
}

export interface FailedTask {
  /** With its role: `health : Write the health service`. */
  task: string;
  message: string;
}

const machine: z.ZodType<CheckedMachine> = z.strictObject({
  name: z.string(),
  changed: z.array(
    z.strictObject({ role: z.string().optional(), task: z.string(), module: z.string(), diff: z.string() }),
  ),
  failed: z.array(z.strictObject({ task: z.string(), message: z.string() })),
  unreachable: z.string().optional(),
});
const record: z.ZodType<CheckRecord> = z.strictObject({
  version: z.literal(1),
  stack: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  outcome: z.enum(["checked", "incomplete"]),
  error: z.string().optional(),
  machines: z.array(machine),
});

/**
 * A record from a file, which anybody may have written.
 *
 * @throws Error that says what is wrong with it.
 */
export const parseCheck = (text: string): CheckRecord => parseAs(record, "a check", text);

/** Whether a machine was looked at as a whole. */
export const isKnown = ({ failed, unreachable }: CheckedMachine) => failed.length === 0 && unreachable === undefined;

/** Whether all machines were looked at. Where one was not, nothing follows from the others' silence. */
export const isWhole = ({ outcome, machines }: CheckRecord) => outcome === "checked" && machines.every(isKnown);

export const hasChanges = ({ machines }: CheckRecord) => machines.some(({ changed }) => changed.length > 0);

/** What was found, as a sentence's part. */
export function checkTitle(check: CheckRecord): string {
  const changed = check.machines.filter((one) => one.changed.length > 0).length;
  const unknown = check.machines.filter((one) => !isKnown(one)).length;
  const parts = [
    ...(changed > 0 ? [`${changed} of ${check.machines.length} machines differ`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...(check.outcome === "incomplete" ? ["not all machines could be looked at"] : []),
  ];
  const { length } = check.machines;
  return parts.join(", ") || `${length} ${length === 1 ? "machine is" : "machines are"} as the playbooks say`;
}
