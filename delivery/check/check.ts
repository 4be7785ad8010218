/** Whether a stack's machines are as its playbooks say, by Ansible in check mode. Changes nothing. */
import { join } from "node:path";
import { connectAs } from "../../azure/arm.ts";
import { paths } from "../../configuration/paths.ts";
import { refresh } from "../../configuration/refresh.ts";
import { ansible, openStack } from "../../configuration/stack.ts";
import { stackFile } from "../../environment/settings.ts";
import type { Say } from "../preview/preview.ts";
import { commitOf, type Project } from "../project.ts";
import type { Mask } from "../state/mask.ts";
import { checkByAnsible, type Ran } from "./ansible.ts";
import { isKnown, type CheckRecord } from "./record.ts";

export interface CheckOptions {
  /** Takes out what is secret: the stack's. */
  mask: Mask;
  /** Ansible's pattern of the machines that are looked at. Undefined: all. */
  limit?: string;
  say: Say;
}

/** The record says also why there is nothing to say: an inventory that cannot be written, machines that do not answer. */
export async function checkMachines(project: Project, stack: string, options: CheckOptions): Promise<CheckRecord> {
  const { machines, error } = await inventoried(project, stack, options);
  return {
    version: 1,
    stack,
    commit: commitOf(project),
    outcome: error === undefined && machines.every(isKnown) ? "checked" : "incomplete",
    ...(error === undefined ? {} : { error }),
    machines,
  };
}

async function inventoried(project: Project, stack: string, { mask, limit, say }: CheckOptions): Promise<Ran> {
  try {
    const { settings, entry } = await openStack(stack, join(project.directory, stackFile(stack)));
    const { missing } = await refresh(await connectAs(entry), settings, {
      ansible,
      endpoints: entry.endpoints,
      waitSeconds: 0,
      progress: (line) => say(mask.text(line)),
    });
    const run = { inventory: paths(stack).inventory, playbook: "playbooks/environment.yml" };
    const { machines, error } = await checkByAnsible({ ...run, ...(limit === undefined ? {} : { limit }) }, mask, say);
    // With a limit others are left out on purpose.
    const errors = [
      ...(limit === undefined ? missing.map(({ why }) => mask.text(why)) : []),
      ...(error ? [error] : []),
    ];
    return { machines, ...(errors.length === 0 ? {} : { error: errors.join("\n") }) };
  } catch (error) {
    return { machines: [], error: mask.text(error instanceof Error ? error.message : String(error)) };
  }
}
