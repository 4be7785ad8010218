/** `bin/delivery drift-issue`: one issue per stack that is not as its program says. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parseCheck } from "../check/record.ts";
import { gitLab } from "../gitlab/client.ts";
import { putDriftIssue } from "../gitlab/driftIssue.ts";
import { ownJob, settingsOf } from "../gitlab/settings.ts";
import { parseRecord } from "../record.ts";

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .requiredOption("--record <file>", "what `drift --out` wrote")
    .option("--check <file>", "what `drift --check-out` wrote")
    .action(async (stack: string, { record: file, check: checkFile }: { record: string; check?: string }) => {
      const settings = settingsOf();
      const record = parseRecord(readFileSync(file, "utf8"));
      const check = checkFile === undefined ? undefined : parseCheck(readFileSync(checkFile, "utf8"));
      for (const [name, told] of [
        [file, record],
        [checkFile, check],
      ] as const)
        if (told !== undefined && told.stack !== stack)
          throw new Error(`${name} tells of stack ${told.stack}, not of ${stack}`);
      const source = { ...ownJob(), projectUrl: settings.projectUrl };
      console.log(`issue about ${stack}: ${await putDriftIssue(gitLab(settings), stack, record, source, check)}`);
    });
}
