/** `bin/delivery preview`: what an `up` would do, without secrets. */
import type { Command } from "commander";
import { exactPreview, secretFreePreview } from "../preview/preview.ts";
import { recordText } from "../preview/text.ts";
import { readProject } from "../project.ts";
import { widgetOf } from "../record.ts";
import { readExactStack } from "../state/copy.ts";
import { say, status, writeFile } from "./options.ts";

interface PreviewOptions {
  out?: string;
  widget?: string;
  exact?: true;
}

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .option("--out <file>", "the record of the preview, JSON: delivery/record.ts")
    .option("--widget <file>", "counts for GitLab's widget of a merge request, JSON")
    .option("--exact", "from the state itself, with the secrets; none is in the record")
    .addHelpText(
      "after",
      "\nStarts from the copy of the state that `publish` wrote (PLATFORM_PREVIEW_BACKEND), with placeholders for secrets.\n" +
        "Changes nothing. Ends with 3 where the program fails; the record says why.",
    )
    .action(async (stack: string, { out, widget, exact }: PreviewOptions) => {
      const project = readProject();
      const record = exact
        ? await exactPreview(project, stack, await readExactStack(project, stack), say)
        : await secretFreePreview(project, stack, say);
      writeFile(record, out);
      writeFile(widgetOf(record), widget);
      console.log(recordText(record));
      if (record.outcome === "failed") process.exitCode = status.programFailed;
    });
}
