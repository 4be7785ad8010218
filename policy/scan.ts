/** `bin/scan`: Checkov over converted templates; waivers.yaml says what of it is waived. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { verdictOf, type Finding } from "./checkov.ts";
import { rules, stackRules } from "./rules/index.ts";
import { readWaivers, today, type CheckovWaiver } from "./waivers.ts";

/** Nothing is fetched or sent: what Checkov has installed is what counts. */
const options = ["--framework", "arm", "--output", "json", "--compact", "--quiet", "--skip-download"];

const longestOutput = 64 * 1024 * 1024;

/** Scans the files; whether all that is found is waived. */
export function scan(checkov: string, files: readonly string[], print = console.log): boolean {
  const names = [...rules, ...stackRules].map(({ name }) => name);
  const { checkov: waivers } = readWaivers(join(import.meta.dirname, "waivers.yaml"), names);
  const used = new Set<CheckovWaiver>();
  let isClean = true;
  for (const file of files) {
    // It ends with 1 where it finds something.
    const { stdout, stderr, status, error } = spawnSync(checkov, ["--file", file, ...options], {
      encoding: "utf8",
      maxBuffer: longestOutput,
    });
    if (error) throw error;
    if (status !== 0 && status !== 1) throw new Error(`${checkov} ended with status ${status}: ${stderr}`);
    const verdict = verdictOf(stdout, readFileSync(file, "utf8"), waivers, today());
    const { open, waived, undecided, passed, resources } = verdict;
    verdict.used.forEach((waiver) => used.add(waiver));
    print(
      `${basename(file)}: ${resources} resources, ${passed} checks passed, ${open.length} findings, ` +
        `${waived.length} waived, ${undecided.length} of what is not known yet`,
    );
    for (const finding of open) print(`  ${textOf(finding)}`);
    if (open.length > 0) isClean = false;
  }
  for (const waiver of waivers.filter((each) => !used.has(each)))
    print(`waivers.yaml: ${waiver.check} of ${waiver.resources.join(", ")} waives nothing here`);
  return isClean;
}

const textOf = ({ check, name, resource }: Finding) => `${check} ${resource}: ${name}`;

if (import.meta.main) {
  const { values, positionals } = parseArgs({ options: { checkov: { type: "string" } }, allowPositionals: true });
  if (values.checkov === undefined || positionals.length === 0)
    throw new Error("usage: scan.ts --checkov PROGRAM FILE...");
  process.exitCode = scan(values.checkov, positionals) ? 0 : 1;
}
