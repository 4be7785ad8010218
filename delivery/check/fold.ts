/** From what Ansible's callbacks wrote to machines with what each would have changed, without secrets. Pure. */
import { z } from "zod";
import { shortened } from "../gitlab/markup.ts";
import type { Mask } from "../state/mask.ts";
import type { CheckedMachine } from "./record.ts";

/** What is kept, in characters: the record of a hundred machines can be read and shown. */
export const longest = { diff: 20_000, diffs: 100_000, message: 4_000 };

/** Lines of `ansible/callback_plugins/changes.py`; the last one names all hosts. */
const change = z.union([
  z.object({ host: z.string(), role: z.string().nullable(), task: z.string(), module: z.string(), diff: z.string() }),
  z.object({ hosts: z.array(z.string()) }),
]);
/** Lines of `ansible/callback_plugins/failures.py`. */
const failure = z.object({
  host: z.string(),
  task: z.string(),
  message: z.string(),
  how: z.enum(["failed", "lost", "silent"]),
});

/** What the callbacks wrote. */
export interface Written {
  changes: string;
  failures: string;
}

/** @returns The machines by name, and whether the run came to its end. */
export function fold({ changes, failures }: Written, mask: Mask): { machines: CheckedMachine[]; ended: boolean } {
  const machines = new Map<string, CheckedMachine>();
  const machine = (name: string): CheckedMachine => {
    const found = machines.get(name) ?? { name, changed: [], failed: [] };
    machines.set(name, found);
    return found;
  };
  // Masked as a whole: of a secret that is cut, the rest would not be known.
  const text = (value: string, length: number) => shortened(mask.text(value), Math.max(0, length));
  let ended = false;
  for (const line of linesOf(changes)) {
    const said = change.parse(JSON.parse(line));
    if ("hosts" in said) {
      ended = true;
      said.hosts.forEach(machine);
      continue;
    }
    const { changed } = machine(said.host);
    const used = changed.reduce((sum, { diff }) => sum + diff.length, 0);
    changed.push({
      ...(said.role === null ? {} : { role: said.role }),
      task: text(said.task, longest.message),
      module: said.module,
      diff: text(said.diff, Math.min(longest.diff, longest.diffs - used)),
    });
  }
  for (const line of linesOf(failures)) {
    const { host, task, message, how } = failure.parse(JSON.parse(line));
    const found = machine(host);
    const shown = text(message, longest.message);
    if (how !== "failed") found.unreachable ??= shown;
    // That it was left out is told once.
    else if (found.unreachable === undefined) found.failed.push({ task: text(task, longest.message), message: shown });
  }
  return { machines: [...machines.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), ended };
}

/** Whole lines: of a run that was killed, the last one may be a part. */
const linesOf = (content: string) => content.split("\n").slice(0, -1);
