/** `bin/delivery drift-issue`: one issue per stack that is not as its program says. */
import type { Command } from "commander";
import { gitLab } from "../gitlab/client.ts";
import { putDriftIssue } from "../gitlab/driftIssue.ts";
import { ownJob, settingsOf } from "../gitlab/settings.ts";
import { readCheck, readRecord } from "./options.ts";

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .requiredOption("--record <file>", "what `drift --out` wrote")
    .option("--check <file>", "what `drift --check-out` wrote")
    .action(async (stack: string, { record: file, check: checkFile }: { record: string; check?: string }) => {
      const settings = settingsOf();
      const record = readRecord(file, stack);
      const check = checkFile === undefined ? undefined : readCheck(checkFile, stack);
      const source = { ...ownJob(), projectUrl: settings.projectUrl };
      console.log(`issue about ${stack}: ${await putDriftIssue(gitLab(settings), stack, record, source, check)}`);
    });
}
