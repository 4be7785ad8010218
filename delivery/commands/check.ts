/** `bin/delivery check`: whether the machines are as the playbooks say. */
import type { Command } from "commander";
import { checkMachines } from "../check/check.ts";
import { hasChanges, isWhole } from "../check/record.ts";
import { checkText } from "../check/text.ts";
import { readProject } from "../project.ts";
import { readExactStack } from "../state/copy.ts";
import { say, status, writeFile } from "./options.ts";

interface CheckOptions {
  out?: string;
  limit?: string;
  expectNoChanges?: true;
}

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .option("--out <file>", "the record of the check, JSON: delivery/check/record.ts")
    .option("--limit <pattern>", "only these machines; Ansible's pattern, such as front or front0a1b2c.dev")
    .option("--expect-no-changes", "end with 1 where a machine would be changed")
    .addHelpText(
      "after",
      "\nWrites the inventory anew and runs what `pulumi up` runs on the machines, in check mode with --diff; changes nothing\n" +
        "on them. Secrets of the stack, for which its state is read, are taken out of what Ansible says. Ends with 1 where a\n" +
        "machine fails or is not reached.",
    )
    .action(async (stack: string, { out, limit, expectNoChanges }: CheckOptions) => {
      const project = readProject();
      const { mask } = await readExactStack(project, stack);
      const check = await checkMachines(project, stack, { mask, say, ...(limit === undefined ? {} : { limit }) });
      writeFile(check, out);
      console.log(checkText(check));
      if (!isWhole(check) || (expectNoChanges && hasChanges(check))) process.exitCode = status.refused;
    });
}
