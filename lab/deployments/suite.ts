/** `make deployments`: deploys, rolls back, deploys what is bad and loses machines meanwhile, all under load. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { realClock } from "../chaos/clock.ts";
import { compress } from "../chaos/compress.ts";
import { loadProgram } from "../chaos/load.ts";
import { endedBySignals, positive, sayer } from "../chaos/program.ts";
import { SuiteRecord } from "../chaos/record.ts";
import { figuresText, missed, verdictText } from "../chaos/report.ts";
import { chosenExperiments } from "../chaos/selection.ts";
import { configured } from "../chaos/sightings.ts";
import { realTools } from "../chaos/tools.ts";
import { cacheDir } from "../paths.ts";
import { minutesLeft, missedTogether } from "./progress.ts";
import { experimentsWith } from "./experiments.ts";
import { realDeployer } from "./experiments/deployer.ts";

interface Arguments {
  only: string[];
  rate: number;
  seed: number;
  stack: string;
  patience: number;
  list?: boolean;
  continue?: boolean;
  record?: string;
}

/** Exit codes besides 0. */
const goalMissed = 1;
const wrongUse = 2;
const brokenOff = 3;

const results = join(cacheDir, "deployments", "results");

const program = new Command("make deployments")
  .description(
    "Deploys releases of front and back onto an environment in the lab while it is used: 50 deployments and 50 rollbacks,\n" +
      "25 bad releases, 8 kills of cap, 4 deployments just after a repair, 20 machines that are repaired in the middle of\n" +
      "one. Some two hours. Needs root, Capistrano, and a stack that is up (bin/lab up dev). What is done is kept as it\n" +
      `goes in ${results}/<time>/results.json.\n` +
      "With make: make deployments DEPLOYMENTS=\"--only 'bad-*'\"\n\n" +
      "Exit status: 0 every goal was met; 1 one was missed, or an experiment could not be finished; 2 wrong use, or the\n" +
      "suite could not begin; 3 broken off: --continue goes on.",
  )
  .exitOverride()
  .option(
    "--only <names...>",
    "experiments, by name or with * (default: all; with --continue: those that it was begun with)",
    [],
  )
  .option("--rate <n>", "requests a second", positive, 100)
  .option("--seed <n>", "of requests and of what is lost when", positive, Math.floor(Math.random() * 1e6) + 1)
  .option("--stack <stack>", "the environment", "dev")
  .option("--patience <seconds>", "in which it must be whole again after an experiment", positive, 300)
  .addOption(
    new Option("--continue", "go on with the last suite that was broken off, without what it has finished").conflicts([
      "rate",
      "seed",
      "patience",
    ]),
  )
  .option("--record <path>", "with --continue: the one in this folder, or in a copy of its results.json")
  .option("--list", "list the experiments and end")
  .action(main);

async function main({ list, continue: goOn, record: path, ...given }: Arguments): Promise<void> {
  if (list) {
    for (const { name, title } of chosenExperiments(experimentsWith(realDeployer(given.stack)), given.only))
      console.log(`${name.padEnd(24)}${title}`);
    return;
  }
  if (path !== undefined && !goOn) throw new Error("--record: allowed with --continue only");
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const stop = endedBySignals("the deployment that is under way ends first");
  const say = sayer();
  const former = goOn ? SuiteRecord.last(results, path) : undefined;
  const { stack } = former?.options ?? given;
  const experiments = experimentsWith(realDeployer(stack));
  const asked = chosenExperiments(experiments, former?.options.only ?? given.only);
  const chosen = given.only.length > 0 ? chosenExperiments(asked, given.only) : asked;
  const tools = realTools(stack, loadProgram(), realClock(stop), say);
  // Read once: a repair that forgets a machine must not change what is wanted.
  const wanted = configured(await tools.status());
  const { missingHealth: present } = await tools.settings();
  const record = former ?? SuiteRecord.begin(results, { ...given, runs: 1, share: 1, missingHealth: present });
  const { options, runs, directory } = record;
  const { seed, rate = given.rate, patience: recoverySeconds } = options;
  const left = () => chosen.filter(({ name }) => !runs.some((one) => one.experiment === name)).map(({ name }) => name);
  const timeLeft = () => `${left().length} experiments left, some ${Math.ceil(minutesLeft(left(), runs))} minutes`;
  console.log(`seed ${seed}, ${chosen.length} experiments; ${timeLeft()}; results: ${directory}`);

  // A machine without power is replaced.
  tools.readMissingHealth("repaired");
  try {
    for (const experiment of chosen) {
      if (stop.aborted) break;
      if (record.has(experiment.name, 1)) continue;
      say(`${experiment.name}: ${experiment.title}`);
      const place = join(directory, experiment.name);
      // Of a run that was broken off.
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place);
      const began = Date.now();
      const seconds = () => (Date.now() - began) / 1000;
      try {
        const report = await experiment.run({ tools, rate, seed, run: 1, wanted, recoverySeconds, directory: place });
        for (const verdict of report.verdicts) say(verdictText(verdict));
        record.add({ experiment: experiment.name, run: 1, report, seconds: seconds() });
      } catch (error) {
        const trouble = error instanceof Error ? error.message : String(error);
        say(`NOT FINISHED  ${trouble}`);
        record.add({ experiment: experiment.name, run: 1, trouble });
      }
      await compress(place);
      say(timeLeft());
    }
  } finally {
    tools.readMissingHealth(present);
  }
  if (!stop.aborted) record.finish(asked.every(({ name }) => record.has(name, 1)));
  const failures = [
    ...missed(runs),
    ...missedTogether(
      experiments.map(({ name }) => name),
      runs,
    ),
  ];
  const requests = runs.reduce((sum, { report }) => sum + (report?.figures["requests"] ?? 0), 0);
  console.log(`\n${figuresText(runs)}\n\n${requests} requests`);
  console.log(
    failures.length === 0 ? "every goal was met" : `missed:\n${failures.map((line) => `  ${line}`).join("\n")}`,
  );
  console.log(`seed ${seed}; results: ${directory}`);
  process.exitCode = stop.aborted ? brokenOff : failures.length === 0 ? 0 : goalMissed;
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has told what is wrong itself.
  if (!(error instanceof CommanderError))
    console.error(`deployments: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : wrongUse;
}
