/** `bin/delivery drift-issue`: one issue per stack that is not as its program says. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { gitLab } from "../gitlab/client.ts";
import { putDriftIssue } from "../gitlab/driftIssue.ts";
import { ownJob, settingsOf } from "../gitlab/settings.ts";
import { parseRecord } from "../record.ts";

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .requiredOption("--record <file>", "what `drift --out` wrote")
    .action(async (stack: string, { record: file }: { record: string }) => {
      const settings = settingsOf();
      const record = parseRecord(readFileSync(file, "utf8"));
      if (record.stack !== stack) throw new Error(`${file} tells of stack ${record.stack}, not of ${stack}`);
      const source = { ...ownJob(), projectUrl: settings.projectUrl };
      console.log(`issue about ${stack}: ${await putDriftIssue(gitLab(settings), stack, record, source)}`);
    });
}
