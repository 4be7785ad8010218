/** `bin/delivery note`: the one note of a merge request about a stack. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { gitLab } from "../gitlab/client.ts";
import { noteOf } from "../gitlab/note.ts";
import { putNote } from "../gitlab/putNote.ts";
import { numberIn, ownJob, settingsOf } from "../gitlab/settings.ts";
import { parseRecord } from "../record.ts";

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .requiredOption("--record <file>", "what `preview --out` wrote")
    .addHelpText(
      "after",
      "\nFor a job of a merge request's pipeline that has PLATFORM_GITLAB_TOKEN: none has that runs code which nobody has\n" +
        "reviewed. For those, `notes` does it on the protected branch.",
    )
    .action(async (stack: string, { record: file }: { record: string }) => {
      const settings = settingsOf();
      const mergeRequest = numberIn(process.env, "CI_MERGE_REQUEST_IID");
      const record = parseRecord(readFileSync(file, "utf8"));
      if (record.stack !== stack) throw new Error(`${file} tells of stack ${record.stack}, not of ${stack}`);
      const source = { ...ownJob(), commit: record.commit, projectUrl: settings.projectUrl };
      console.log(`!${mergeRequest}: ${await putNote(gitLab(settings), mergeRequest, noteOf(stack, record, source))}`);
    });
}
