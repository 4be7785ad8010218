/** Runs playbooks in check mode: nothing is changed, and what would be is told. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { ansible, project } from "../../configuration/stack.ts";
import { shortened } from "../gitlab/markup.ts";
import type { Mask } from "../state/mask.ts";
import { fold, longest } from "./fold.ts";
import type { CheckedMachine } from "./record.ts";

/** What is run. */
export interface Run {
  /** Paths, relative to `ansible/`. */
  inventory: string;
  playbook: string;
  /** Ansible's pattern of the machines that are looked at. Undefined: all. */
  limit?: string;
}

/** What came of it. */
export interface Ran {
  machines: CheckedMachine[];
  /** Why not all was looked at, where no machine says so. */
  error?: string;
}

/** The project's own tools stand before others. */
const tools = process.env["PLATFORM_TOOLS"] ?? join(project, ".venv", "bin");

/** @param say Takes Ansible's output, line by line, without secrets. */
export async function checkByAnsible(
  { inventory, playbook, limit }: Run,
  mask: Mask,
  say: (line: string) => void,
): Promise<Ran> {
  // Readable by this user only: it has differences as Ansible tells them.
  const directory = mkdtempSync(join(tmpdir(), "platform-check-"));
  const [changes, failures] = [join(directory, "changes"), join(directory, "failures")];
  const child = execa(
    "ansible-playbook",
    [
      ...["-i", inventory, playbook, "--skip-tags", "base", "--check", "--diff"],
      ...(limit === undefined ? [] : [`--limit=${limit}`]),
    ],
    {
      cwd: ansible,
      env: {
        PATH: `${tools}:${process.env["PATH"] ?? ""}`,
        PYTHONUNBUFFERED: "1",
        ANSIBLE_NOCOLOR: "1",
        ANSIBLE_FORCE_COLOR: "0",
        PLATFORM_CHANGES: changes,
        PLATFORM_FAILURES: failures,
      },
      stdin: "ignore",
      all: true,
      buffer: false,
      reject: false,
    },
  );
  try {
    const last: string[] = [];
    for await (const line of child.iterable({ from: "all" })) {
      const shown = mask.text(String(line));
      say(shown);
      last.push(shown);
      if (last.length > 20) last.shift();
    }
    const { exitCode, originalMessage } = await child;
    const read = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");
    const { machines, ended } = fold({ changes: read(changes), failures: read(failures) }, mask);
    const isTold = machines.some(({ failed, unreachable }) => failed.length > 0 || unreachable !== undefined);
    if (ended && machines.length > 0 && (exitCode === 0 || isTold)) return { machines };
    const said = last.join("\n").trim() || originalMessage || "no machine was looked at";
    const error = `ansible-playbook ended with status ${exitCode ?? "unknown"}: ${shortened(said, longest.message)}`;
    return { machines, error };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
