/** `bin/delivery up`: does what was approved, and nothing else. */
import type { Command } from "commander";
import { applyApproved } from "../apply/apply.ts";
import { differencesText } from "../preview/compare.ts";
import { recordText } from "../preview/text.ts";
import { readProject, UsageError } from "../project.ts";
import { readRecord, say, status, writeFile } from "./options.ts";

interface UpOptions {
  approved: string;
  out?: string;
  cancelLock?: true;
}

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .requiredOption("--approved <file>", "the record that was approved")
    .option("--out <file>", "the record of the exact preview, JSON")
    .option("--cancel-lock", "a lock on the stack is a dead Pulumi's: cancel it; only where no other one can run")
    .addHelpText(
      "after",
      "\nPreviews from the state itself, with the secrets, and compares everything with what was approved; then runs\n" +
        "`pulumi up`. Where something differs it says what, writes the new record, applies nothing, and ends with 1.\n" +
        "What a killed `up` had begun is taken into the state first, in any case; it goes on with the approval that it had.",
    )
    .action(async (stack: string, { approved: file, out, cancelLock }: UpOptions) => {
      const approved = readRecord(file, stack);
      if (approved.outcome === "failed")
        throw new UsageError(`${file}: given a preview that failed, allowed is one that did not`);
      const outcome = await applyApproved(readProject(), stack, approved, {
        cancelLock,
        say,
        previewed: (record) => {
          writeFile(record, out);
          console.log(recordText(record));
        },
      });
      if (outcome.applied) return;
      process.exitCode = status.refused;
      if (outcome.differences.length === 0) return;
      console.error(`bin/delivery: stack ${stack}: this is not what was approved, and nothing was applied`);
      console.error(differencesText(outcome.differences));
    });
}
