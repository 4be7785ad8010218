/** `bin/delivery`: previews that can be trusted, what is deployed, and what a pipeline does with both. */
import { Command, CommanderError } from "commander";
import { UsageError } from "./project.ts";

/** A command's own arguments, options and action. */
interface Definition {
  define: (command: Command) => void;
}

/** Commands in the order of the help text. A file is loaded only where its command runs: each has packages of its own. */
const commands: Record<string, [description: string, load: () => Promise<Definition>]> = {
  preview: ["what an up would do, without secrets", () => import("./commands/preview.ts")],
  publish: ["write the secret-free copy of a stack's state, for previews", () => import("./commands/publish.ts")],
  up: ["do what was approved, and nothing else", () => import("./commands/up.ts")],
  drift: ["whether Azure still has what was applied", () => import("./commands/drift.ts")],
  check: ["whether the machines are as the playbooks say", () => import("./commands/check.ts")],
  template: ["an ARM template of what Pulumi would make, for scanners", () => import("./commands/template.ts")],
  notes: ["notes for all open merge requests, in GitLab", () => import("./commands/notes.ts")],
  approved: ["what was approved, from GitLab", () => import("./commands/approved.ts")],
  "drift-issue": ["one issue per stack that drifted, in GitLab", () => import("./commands/drift-issue.ts")],
};

/** Exit codes besides 0. */
const failed = 1;
const wrongUse = 2;

async function main(words: readonly string[]): Promise<void> {
  const program = new Command("bin/delivery")
    .description("Previews that can be trusted, and what is deployed. Run it where pulumi runs; delivery/README.md")
    .showHelpAfterError("(bin/delivery --help tells more)")
    .exitOverride();
  for (const [name, [description, load]] of Object.entries(commands)) {
    const command = program.command(name).description(description).copyInheritedSettings(program);
    // The first word, or the second after `help`.
    if (words.slice(0, 2).includes(name)) (await load()).define(command);
  }
  await program.parseAsync(words, { from: "user" });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : wrongUse;
  } else {
    console.error(`bin/delivery: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof UsageError ? wrongUse : failed;
  }
}
