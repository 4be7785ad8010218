/** A record of a check as text for a job's log. Pure. */
import { checkTitle, type CheckedMachine, type CheckRecord } from "./record.ts";

/** The tasks of each machine, and the counts. Differences stand in Ansible's own output. */
export function checkText(check: CheckRecord): string {
  return [
    ...check.machines.flatMap(machineLines),
    ...(check.error === undefined ? [] : [check.error]),
    `stack ${check.stack}: ${checkTitle(check)}`,
  ].join("\n");
}

function machineLines({ name, changed, failed, unreachable }: CheckedMachine): string[] {
  return [
    ...changed.map(({ role, task }) => `${name}: would change: ${role === undefined ? "" : `${role} : `}${task}`),
    ...failed.map(({ task, message }) => `${name}: failed: ${task}\n${message.replace(/^/gm, "    ")}`),
    ...(unreachable === undefined ? [] : [`${name}: not reached: ${unreachable}`]),
  ];
}
