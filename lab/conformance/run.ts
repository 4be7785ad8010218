/** `make conformance`: the cases against Azure, or against any other endpoint of Azure Resource Manager. */
import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { confirmed } from "../../e2e/confirm.ts";
import { azureTarget, credentialOf, publicEndpoint, surroundingsOf } from "./azureTarget.ts";
import { estimate, estimateText } from "./cost.ts";
import { countTable } from "./count.ts";
import { Groups } from "./groups.ts";
import { loadSuite } from "./load.ts";
import type { Case } from "./suite.ts";
import { appliesTo, runCase } from "./runCase.ts";

interface Options {
  subscription: string;
  location: string;
  endpoint: string;
  filter?: string;
  parallel: number;
  yes?: boolean;
  json?: string;
  directory?: string;
}

interface Outcome {
  file: string;
  title: string;
  evidence: string;
  /** Expected and actual, one line for each difference; empty when the case holds. */
  differences: string[];
}

const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("it must be a whole number above 0");
  return value;
};

const program = new Command("make conformance")
  .description(
    "Runs the conformance cases against Azure, in resource groups of its own that it removes again.\n" +
      "Signs in with AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or as whoever is signed in here.",
  )
  .requiredOption(
    "--subscription <id>",
    "subscription to work in (AZURE_SUBSCRIPTION)",
    process.env["AZURE_SUBSCRIPTION"],
  )
  .option("--location <region>", "region of everything that is made", "westeurope")
  .option("--endpoint <url>", "address of Azure Resource Manager", publicEndpoint)
  .option("--filter <text>", "only cases whose file or title has this text, as in 'network/' or 'subnet'")
  .option("--parallel <number>", "cases at a time", wholeNumber, 4)
  .option("--yes", "do not ask before something is made")
  .option("--json <file>", "write the outcome of every case to this file")
  .option("--directory <path>", "other cases than those of this folder");

function tell({ file, title, differences }: Outcome): void {
  console.log(`${differences.length === 0 ? "ok  " : "FAIL"} ${file}: ${title}`);
  for (const difference of differences) console.log(`       ${difference}`);
}

async function main(options: Options): Promise<number> {
  const suite = loadSuite(options.directory);
  const wanted = (one: Case): boolean =>
    appliesTo(one, "azure") && [one.file, one.title].some((text) => text.includes(options.filter ?? ""));
  const cases = suite.cases.filter(wanted);
  if (cases.length === 0) throw new Error(`No case has '${options.filter ?? ""}' in its file or title`);
  const { endpoint, subscription, location } = options;
  const credential = await credentialOf(endpoint);
  const surroundings = await surroundingsOf(endpoint, credential);
  const target = azureTarget({ endpoint, subscription, location }, credential, surroundings);
  const groups = new Groups(suite, target);
  console.log(`${cases.length} cases against ${endpoint}, subscription ${subscription}, region ${location}.`);
  console.log(estimateText(estimate(cases, suite)));
  console.log(`Its resource groups are named ${groups.run}-*, and have the tag conformance-run=${groups.run}.`);
  if (options.yes !== true && !(await confirmed("Make them?"))) return 1;

  let stopped = false;
  const stop = new Promise<void>((resolve) => {
    const onSignal = (): void => {
      if (stopped) process.exit(130);
      stopped = true;
      console.error("Stopping: the resource groups are removed first. Once more ends at once, and leaves them.");
      resolve();
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  });

  const waiting = [...cases];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined && !stopped; one = waiting.shift()) {
      const differences = await runCase(one, target, groups).catch((error: unknown) => [String(error)]);
      if (stopped) return;
      const outcome = { file: one.file, title: one.title, evidence: one.evidence.kind, differences };
      outcomes.push(outcome);
      tell(outcome);
    }
  };
  let left: Error | undefined;
  try {
    // What is running when somebody stops the run is cut off: its resources go with their group.
    await Promise.race([Promise.all(Array.from({ length: options.parallel }, work)), stop]);
  } finally {
    console.log("Removing the resource groups ...");
    await groups.removeAll().catch((error: Error) => {
      left = error;
    });
  }

  const failed = outcomes.filter(({ differences }) => differences.length > 0);
  console.log(`\n${countTable(cases)}\n`);
  console.log(
    `${outcomes.length - failed.length} ok, ${failed.length} failed, ${cases.length - outcomes.length} not run`,
  );
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(outcomes, null, 2)}\n`);
  if (left !== undefined) console.error(left.message);
  return failed.length > 0 || stopped || left !== undefined ? 1 : 0;
}

// Cases that were cut off may still wait for something.
process.exit(await main(program.parse().opts<Options>()));
