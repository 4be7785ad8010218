/** `bin/delivery drift`: whether Azure still has what was applied. */
import type { Command } from "commander";
import { appliedCommit } from "../apply/begun.ts";
import { checkMachines } from "../check/check.ts";
import { hasChanges, isWhole } from "../check/record.ts";
import { checkText } from "../check/text.ts";
import { driftOf, stepsToDo } from "../preview/drift.ts";
import { exactPreview } from "../preview/preview.ts";
import { recordText, stepText } from "../preview/text.ts";
import { readProject } from "../project.ts";
import { ownPlace } from "../pulumi.ts";
import { readExactStack } from "../state/copy.ts";
import { say, status, writeFile } from "./options.ts";

interface DriftOptions {
  out?: string;
  checkOut?: string;
  machines: boolean;
}

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .option("--out <file>", "the record of the preview, JSON")
    .option("--check-out <file>", "the record of the machines' check, JSON")
    .option("--no-machines", "leave the machines out")
    .addHelpText(
      "after",
      "\nReads everything from Azure and previews what an `up` would do (pulumi preview --refresh), then runs the playbooks\n" +
        "on the machines in check mode, as `check` does; changes nothing. Ends with 1 where anything would be done, but for\n" +
        "machines that were repaired or added since and for what was merged and not applied yet, or where a machine cannot be\n" +
        "looked at; with 3 where the program fails.",
    )
    .action(async (stack: string, { out, checkOut, machines }: DriftOptions) => {
      const project = readProject();
      const exact = await readExactStack(project, stack);
      const refreshed = await exactPreview(project, stack, exact, say, ["--refresh"]);
      const isBehind =
        refreshed.outcome === "previewed" &&
        stepsToDo(refreshed).length > 0 &&
        (await appliedCommit(ownPlace(project), stack)) !== refreshed.commit;
      const record = isBehind ? driftOf(refreshed, await exactPreview(project, stack, exact, say)) : refreshed;
      writeFile(record, out);
      const drifted = stepsToDo(record);
      if (drifted.length > 0) process.exitCode = status.refused;
      if (machines) {
        const check = await checkMachines(project, stack, { mask: exact.mask, say });
        writeFile(check, checkOut);
        console.log(checkText(check));
        if (!isWhole(check) || hasChanges(check)) process.exitCode = status.refused;
      }
      if (record.outcome === "failed") {
        console.log(recordText(record));
        process.exitCode = status.programFailed;
        return;
      }
      if (record.unapplied !== undefined)
        console.log(`stack ${stack}: merged and not applied yet, which is no drift: ${record.unapplied}`);
      console.log(drifted.map(stepText).join("\n") || `stack ${stack}: nothing has drifted at Azure`);
    });
}
