/**
 * Stands in for `bin/delivery` where there is no Azure: its "program" is the stack file alone, and what is applied is kept
 * in a file. The commands that ask GitLab are the real ones.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { define as approved } from "../../../delivery/commands/approved.ts";
import { define as driftIssue } from "../../../delivery/commands/drift-issue.ts";
import { define as notes } from "../../../delivery/commands/notes.ts";
import { checkOf, machine } from "../../../delivery/gitlab/testing/checks.ts";
import { step } from "../../../delivery/gitlab/testing/records.ts";
import { parseRecord, type PreviewRecord, widgetOf } from "../../../delivery/record.ts";

interface Files {
  out?: string;
  widget?: string;
  approved?: string;
}

const appliedFile = process.env["APPLIED_FILE"] ?? "";

function previewOf(stack: string): PreviewRecord {
  const program = readFileSync(`Pulumi.${stack}.yaml`, "utf8");
  const isFailing = program.includes("mistake: true");
  const inputs = createHash("sha256").update(program).digest("hex");
  return {
    version: 1,
    stack,
    commit: process.env["CI_COMMIT_SHA"] ?? "",
    outcome: isFailing ? "failed" : "previewed",
    ...(isFailing ? { error: `Pulumi.${stack}.yaml: mistake: given true` } : {}),
    steps: [step("update", "program", { inputs, changes: [{ path: "file", kind: "update", after: program }] })],
    counts: { create: 0, update: 1, delete: 0, replace: 0, same: 3 },
    packs: [],
    policy: [],
  };
}

function write(record: PreviewRecord, { out, widget }: Files): void {
  if (out !== undefined) writeFileSync(out, JSON.stringify(record));
  if (widget !== undefined) writeFileSync(widget, JSON.stringify(widgetOf(record)));
}

/** Two machines, one of which differs. */
function writeCheck(stack: string, out: string | undefined): void {
  const changed = [{ task: "Write its settings", module: "ansible.builtin.template", diff: "+x\n" }];
  const machines = [machine(`back.${stack}`), machine(`front.${stack}`, { changed })];
  const check = checkOf(machines, { stack, commit: process.env["CI_COMMIT_SHA"] ?? "" });
  if (out !== undefined) writeFileSync(out, JSON.stringify(check));
}

const program = new Command("delivery").exitOverride();
for (const [name, define] of Object.entries({ notes, approved, "drift-issue": driftIssue }))
  define(program.command(name));
program
  .command("preview <stack>")
  .option("--out <file>")
  .option("--widget <file>")
  .option("--exact")
  .action((stack: string, files: Files) => {
    const record = previewOf(stack);
    write(record, files);
    if (record.outcome === "failed") process.exitCode = 3;
  });
program
  .command("up <stack>")
  .requiredOption("--approved <file>")
  .option("--out <file>")
  .option("--cancel-lock")
  .action((stack: string, { approved: file = "", ...files }: Files) => {
    const record = previewOf(stack);
    write(record, files);
    const wanted = parseRecord(readFileSync(file, "utf8"));
    if (JSON.stringify(wanted.steps) !== JSON.stringify(record.steps)) throw new Error("this is not what was approved");
    writeFileSync(appliedFile, JSON.stringify(record.steps));
  });
program
  .command("check <stack>")
  .option("--out <file>")
  .action((stack: string, { out }: Files) => writeCheck(stack, out));
program
  .command("drift <stack>")
  .option("--out <file>")
  .option("--check-out <file>")
  .action((stack: string, { checkOut, ...files }: Files & { checkOut?: string }) => {
    write(previewOf(stack), files);
    writeCheck(stack, checkOut);
    process.exitCode = 1;
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
