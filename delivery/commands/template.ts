/** `bin/delivery template`: an ARM template of what Pulumi would make, for Checkov, Trivy and PSRule (policy/README.md). */
import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { readProject, readStackFile } from "../project.ts";
import { ownPlace, pulumi, PulumiError } from "../pulumi.ts";
import { plannedOf } from "../template/preview.ts";
import { templateOf } from "../template/template.ts";

interface Options {
  preview?: string;
  out?: string;
}

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .option("--preview <file>", "converts this output of `pulumi preview --json` instead of making a preview")
    .option("--out <file>", "file for the template; default: standard output")
    .addHelpText("after", "\nFor Checkov, Trivy and PSRule; policy/README.md tells more.")
    .action(async (stack: string, { preview, out }: Options) => {
      const text = preview === undefined ? await previewOf(stack) : readFileSync(preview, "utf8");
      const template = `${JSON.stringify(templateOf(plannedOf(text)), null, 2)}\n`;
      if (out === undefined) process.stdout.write(template);
      else writeFileSync(out, template);
    });
}

/** What Pulumi says; also where the preview fails, since that says why. */
async function previewOf(stack: string): Promise<string> {
  const project = readProject();
  readStackFile(project, stack);
  try {
    return await pulumi(ownPlace(project), ["preview", "--json", "--stack", stack]);
  } catch (error) {
    if (error instanceof PulumiError && error.stdout !== "") return error.stdout;
    throw error;
  }
}
