/** `bin/delivery drift`: whether Azure still has what was applied. */
import type { Command } from "commander";
import { comesAndGoes } from "../preview/compare.ts";
import { exactPreview } from "../preview/preview.ts";
import { recordText, stepText } from "../preview/text.ts";
import { readProject } from "../project.ts";
import { readExactStack } from "../state/copy.ts";
import { say, status, writeRecord, type OutputOptions } from "./options.ts";

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .option("--out <file>", "the record of the preview, JSON")
    .addHelpText(
      "after",
      "\nReads everything from Azure and previews what an `up` would do (pulumi preview --refresh); changes nothing. Ends\n" +
        "with 1 where that is anything, but for machines that were repaired or added since; with 3 where the program fails.",
    )
    .action(async (stack: string, options: OutputOptions) => {
      const project = readProject();
      const record = await exactPreview(project, stack, await readExactStack(project, stack), say, ["--refresh"]);
      writeRecord(record, options);
      if (record.outcome === "failed") {
        console.log(recordText(record));
        process.exitCode = status.programFailed;
        return;
      }
      const drifted = record.steps.filter((step) => !comesAndGoes(step));
      if (drifted.length > 0) process.exitCode = status.refused;
      console.log(drifted.map(stepText).join("\n") || `stack ${stack}: nothing has drifted`);
    });
}
