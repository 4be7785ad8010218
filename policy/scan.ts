/** `bin/scan`: Checkov over converted templates; waivers.yaml says what of it is waived. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { verdictOf, type Finding, type Verdict } from "./checkov.ts";
import { names } from "./rules/index.ts";
import { readWaivers, today, type CheckovWaiver } from "./waivers.ts";

/** Nothing is fetched or sent: what Checkov has installed is what counts. */
const options = ["--framework", "arm", "--output", "json", "--compact", "--quiet", "--skip-download"];

const longestOutput = 64 * 1024 * 1024;

/** Scans the files; whether all that is found is waived. */
export function scan(checkov: string, files: readonly string[], print = console.log): boolean {
  const { checkov: waivers } = readWaivers(names);
  const day = today();
  const used = new Set<CheckovWaiver>();
  let isClean = true;
  for (const file of files) {
    const verdict = verdictOn(file, checkov, waivers, day);
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

function verdictOn(file: string, checkov: string, waivers: readonly CheckovWaiver[], day: string): Verdict {
  const { stdout, stderr, status, error } = spawnSync(checkov, ["--file", file, ...options], {
    encoding: "utf8",
    maxBuffer: longestOutput,
  });
  if (error) throw error;
  // It ends with 1 where it finds something, and where it breaks.
  if ((status !== 0 && status !== 1) || !stdout.trimStart().startsWith("{"))
    throw new Error(`${checkov} ended with status ${status}: ${stderr}`);
  try {
    return verdictOf(stdout, readFileSync(file, "utf8"), waivers, day);
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}

const textOf = ({ check, name, resource }: Finding) => `${check} ${resource}: ${name}`;

if (import.meta.main) {
  try {
    const { values, positionals } = parseArgs({ options: { checkov: { type: "string" } }, allowPositionals: true });
    if (values.checkov === undefined || positionals.length === 0)
      throw new Error("usage: scan.ts --checkov PROGRAM FILE...");
    process.exitCode = scan(values.checkov, positionals) ? 0 : 1;
  } catch (error) {
    console.error(`bin/scan: ${(error as Error).message}`);
    process.exitCode = 2;
  }
}
