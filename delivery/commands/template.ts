/** `bin/delivery template`: an ARM template of what Pulumi would make, for Checkov, Trivy and PSRule (policy/README.md). */
import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { execa } from "execa";
import { plannedOf } from "../template/preview.ts";
import { templateOf } from "../template/template.ts";

interface Options {
  preview?: string;
  out?: string;
}

/** Adds what the command takes and does. */
export function define(command: Command): void {
  command
    .description(
      "An ARM template of what Pulumi would make, for Checkov, Trivy and PSRule; policy/README.md tells more",
    )
    .argument("<stack>", "name of the stack, for example dev")
    .option("--preview <file>", "converts this output of `pulumi preview --json` instead of making a preview")
    .option("--out <file>", "file for the template; default: standard output")
    .action(async (stack: string, { preview, out }: Options) => {
      const text = preview === undefined ? await previewOf(stack) : readFileSync(preview, "utf8");
      const template = `${JSON.stringify(templateOf(plannedOf(text)), null, 2)}\n`;
      if (out === undefined) process.stdout.write(template);
      else writeFileSync(out, template);
    });
}

async function previewOf(stack: string): Promise<string> {
  const { stdout } = await execa("pulumi", ["preview", "--json", "--non-interactive", "--stack", stack], {
    stderr: "inherit",
  });
  return stdout;
}
