/** `make migration`: walks a company's way from an old host to Azure in the lab, each step forth and back, under load. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { capacityText, measureCapacity } from "../chaos/capacity.ts";
import { realClock } from "../chaos/clock.ts";
import { loadProgram } from "../chaos/load.ts";
import { endedBySignals, positive, sayer } from "../chaos/program.ts";
import { figuresText, missed } from "../chaos/report.ts";
import { chosenExperiments } from "../chaos/selection.ts";
import { configured } from "../chaos/sightings.ts";
import { realTools } from "../chaos/tools.ts";
import { daemonStatus, ensureDaemon } from "../cli/daemon.ts";
import { lab } from "../commands.ts";
import { cacheDir } from "../paths.ts";
import { labTools, stackFilesIn } from "./labTools.ts";
import { MigrationRecord, rateOf, type Options } from "./record.ts";
import { allStacks, hosts, stateAtFirst, stepsOf, usuallyJudged, type Stack } from "./steps.ts";
import { loadPlan } from "./traffic.ts";
import { buildOrder, walk } from "./walk.ts";

interface Arguments extends Options {
  list?: boolean;
  continue?: boolean;
  record?: string;
}

const results = join(cacheDir, "migration");

/** Exit codes besides 0. */
const goalMissed = 1;
const wrongUse = 2;
const brokenOff = 3;

const program = new Command("make migration")
  .description(
    "Walks the way of docs/migration.md in the lab: an old host and an old DNS provider outside of all networks, whose\n" +
      "services, names and address move to Azure. Each step is made, taken back and made again, under load. Takes the lab\n" +
      "down first, and leaves the environment standing, with stack files of its own (see the results): `bin/lab down` comes\n" +
      "before the lab is used for something else. Needs root. Some two hours for dev alone, four for the three environments.\n" +
      `What is done is kept as it goes in ${results}/<time>/results.json.\n` +
      'With make: make migration MIGRATION="--all"\n\n' +
      "Exit status: 0 every goal was met; 1 one was missed, or a step could not be finished; 2 wrong use, or the suite\n" +
      "could not begin; 3 broken off: --continue goes on.",
  )
  .exitOverride()
  .option("--all", "dev, tools and prod, with production as the only way in at the end (default: dev alone)", false)
  .option(
    "--only <names...>",
    "steps that are judged, by name or with *; the others are made once, without load " +
      "(default: all; with --all those that dev alone has not)",
    [],
  )
  .option("--share <share>", "share of the capacity, measured first, that is asked for", positive, 0.2)
  .addOption(
    new Option("--rate <n>", "requests a second instead; nothing is measured").argParser(positive).conflicts("share"),
  )
  .option("--seed <n>", "of requests", positive, Math.floor(Math.random() * 1e6) + 1)
  .addOption(
    new Option(
      "--continue",
      "go on with the last walk that was broken off; where the lab is down, what was made is made once more, without load",
    ).conflicts(["all", "only", "share", "rate", "seed"]),
  )
  .option("--record <path>", "with --continue: the one in this folder, or in a copy of its results.json")
  .option("--list", "list the steps and end")
  .action(main);

async function main({ list, continue: goOn, record: path, ...given }: Arguments): Promise<void> {
  if (list) {
    for (const { name, title } of chosenExperiments(stepsOf(given.all), given.only))
      console.log(`${name.padEnd(20)}${title}`);
    return;
  }
  if (path !== undefined && !goOn) throw new Error("--record: allowed with --continue only");
  const former = goOn ? MigrationRecord.last(results, path) : undefined;
  const { all, only, seed } = former?.options ?? given;
  const steps = stepsOf(all);
  const judged = chosenExperiments(only.length > 0 ? steps : usuallyJudged(all), only).map(({ name }) => name);
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const stop = endedBySignals("the command that is under way ends first");
  const say = sayer();
  const record = former ?? MigrationRecord.begin(results, given);
  const { directory } = record;
  for (const folder of [join(directory, "zones"), stackFilesIn(directory)]) mkdirSync(folder, { recursive: true });
  // For every command of the lab that is run from here.
  process.env.LAB_STACK_FILES = stackFilesIn(directory);
  const stacks: readonly Stack[] = all ? allStacks : ["dev"];
  const clock = realClock(stop);
  const load = loadProgram();
  const tools = labTools(record, stacks, load, clock, say);
  console.log(`seed ${seed}, ${steps.length} steps, ${record.made.length} of them made before; results: ${directory}`);

  const measure = async (what: "tiers" | "old") => {
    if (record.options.rate !== undefined || record.capacity[what]) return;
    say(`measuring the capacity: ${what === "tiers" ? "of the tiers" : "of the way to the old host"}`);
    const { dev: address = "" } = await tools.addresses();
    const told = Object.fromEntries(Object.values(hosts.dev).map((host) => [host, address]));
    const own = realTools("dev", load, clock, say);
    const measured = await measureCapacity({
      tools: {
        ...own,
        // What the walk asks for, at the address that clients have been told: names lead to the old host.
        load: (plan, place) => own.load({ ...plan, resolve: told, targets: loadPlan(told, plan).targets }, place),
      },
      wanted: configured(await own.status()),
      seed,
      directory: join(directory, `capacity-${what}`),
    });
    say(capacityText(measured));
    record.measured(what, measured);
  };

  const stands = record.made.length > 0 && ((await daemonStatus())?.world.machines.length ?? 0) > 0;
  if (!stands) {
    say("taking the lab down");
    await lab("down");
    // One that an up started would give way as that does.
    await ensureDaemon();
    await tools.bring(stateAtFirst, stateAtFirst, buildOrder(all));
    await measure("tiers");
  }
  await walk({
    ...{ steps, stacks, judged, record, tools, stop },
    stands,
    measure: async () => {
      await measure("old");
      const rate = rateOf(record.options, record.capacity);
      say(`the walk is made at ${rate} requests a second`);
    },
  });

  const { runs } = record;
  const left = judged.filter((name) => !record.made.includes(name));
  if (!stop.aborted && record.made.length === steps.length) record.finish();
  const failures = missed(runs);
  console.log(`\n${figuresText(runs)}\n`);
  if (left.length > 0) console.log(`not made: ${left.join(", ")}`);
  console.log(
    failures.length === 0 ? "no goal was missed" : `missed:\n${failures.map((line) => `  ${line}`).join("\n")}`,
  );
  console.log(`seed ${seed}; results: ${directory}`);
  process.exitCode = stop.aborted ? brokenOff : failures.length === 0 && left.length === 0 ? 0 : goalMissed;
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has told what is wrong itself.
  if (!(error instanceof CommanderError))
    console.error(`migration: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : wrongUse;
}
