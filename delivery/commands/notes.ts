/** `bin/delivery notes`: notes for all open merge requests. */
import type { Command } from "commander";
import { gitLab } from "../gitlab/client.ts";
import { putOpenNotes } from "../gitlab/openNotes.ts";
import { settingsOf } from "../gitlab/settings.ts";

export function define(command: Command): void {
  command
    .addHelpText(
      "after",
      "\nFor a job of the protected branch: it reads what jobs of merge requests left, and runs none of it. Ends with 1\n" +
        "where a merge request could not be told; the others have their notes.",
    )
    .action(async () => {
      const settings = settingsOf();
      const { done, failed } = await putOpenNotes(gitLab(settings), settings.projectUrl);
      for (const line of done) console.log(line);
      for (const line of failed) console.error(`bin/delivery: ${line}`);
      if (failed.length > 0) process.exitCode = 1;
    });
}
