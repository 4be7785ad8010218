/** `bin/delivery approved`: what was approved. */
import type { Command } from "commander";
import { approvedRecord, refusedRecord } from "../gitlab/approved.ts";
import { gitLab } from "../gitlab/client.ts";
import { commitOf, ownJob, settingsOf } from "../gitlab/settings.ts";
import { writeFile } from "./options.ts";

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .requiredOption("--out <file>", "where the record is written")
    .option("--refused <job>", "instead, what this job of the same pipeline previewed when it refused to apply")
    .addHelpText(
      "after",
      "\nThe record is the one that the note of the merge request told of when it was merged as CI_COMMIT_SHA. A preview\n" +
        "or a note that is later than the merge proves nothing.",
    )
    .action(async (stack: string, { out, refused }: { out: string; refused?: string }) => {
      const gitlab = gitLab(settingsOf());
      const commit = commitOf();
      const record =
        refused === undefined
          ? await approvedRecord(gitlab, { stack, commit, branch: process.env["CI_DEFAULT_BRANCH"] ?? "main" })
          : await refusedRecord(gitlab, { stack, commit, pipeline: ownJob().pipeline, job: refused });
      writeFile(record, out);
      console.log(`${out}: the preview of ${stack} at commit ${record.commit}`);
    });
}
