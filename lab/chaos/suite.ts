/** `make chaos`: breaks the environment in the lab while it is used, and holds what comes of it against the goals. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { run as runCommand } from "../commands.ts";
import { missingHealthReadings } from "../liveSettings.ts";
import { cacheDir } from "../paths.ts";
import { realClock } from "./clock.ts";
import { comparison } from "./comparison.ts";
import { disturbed } from "./disturbed.ts";
import type { Experiment } from "./experiment.ts";
import { loadProgram } from "./load.ts";
import { SuiteRecord, type Options } from "./record.ts";
import { figuresText, missed, verdictText } from "./report.ts";
import { scenarios } from "./scenarios.ts";
import { chosenExperiments, readings } from "./selection.ts";
import { configured } from "./sightings.ts";
import { realTools } from "./tools.ts";

interface Arguments extends Omit<Options, "missingHealth"> {
  missingHealth?: Options["missingHealth"];
  list?: boolean;
  continue?: boolean;
}

const results = join(cacheDir, "chaos");

const experiments: Experiment[] = [...scenarios.map(disturbed), comparison];

const number = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("it must be a number above 0");
  return value;
};

const program = new Command("make chaos")
  .description(
    "Breaks an environment in the lab while it is used. Needs root and a stack that is up (bin/lab up dev).\n" +
      "With make: make chaos CHAOS=\"--only 'front-*' --runs 3\"",
  )
  .option("--only <names...>", "experiments, by name or with * (default: all)", [])
  .option("--runs <n>", "how often each is run", number, 1)
  .option("--rate <n>", "requests a second; the goals are for 500 and more", number, 500)
  .option("--seed <n>", "of requests and of the choice of machines", number, Math.floor(Math.random() * 1e6) + 1)
  .option("--stack <stack>", "the environment", "dev")
  .addOption(
    new Option(
      "--missing-health <reading>",
      "what a silent machine is for Azure's repairs, in experiments that have one; both: they are run under each " +
        "(default: as the lab is set, see bin/lab set)",
    ).choices([...missingHealthReadings, "both"]),
  )
  .option("--patience <seconds>", "in which it must be whole again; repairs and healing are part of it", number, 300)
  .addOption(
    new Option(
      "--continue",
      "go on with the last suite that was ended before it had finished, without what it has",
    ).conflicts(["only", "runs", "rate", "seed", "stack", "missingHealth", "patience"]),
  )
  .option("--list", "list the experiments and end")
  .action(main);

async function main({ list, continue: goOn, ...given }: Arguments): Promise<void> {
  if (list) {
    for (const { name, title } of chosenExperiments(experiments, given.only)) console.log(`${name.padEnd(26)}${title}`);
    return;
  }
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(130);
    console.error("\nending: what was broken is mended first; press again to leave at once");
    stop.abort(new Error("ended by Ctrl-C"));
  });
  process.on("SIGTERM", () => stop.abort(new Error("ended by a signal")));

  const clock = realClock(stop.signal);
  const started = Date.now();
  const say = (message: string) =>
    console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(8)} s  ${message}`);
  const former = goOn ? SuiteRecord.last(results) : undefined;
  const { only, stack } = former?.options ?? given;
  const chosen = chosenExperiments(experiments, only);
  const tools = realTools(stack, loadProgram(), clock, say);
  // Read once: a repair that forgets a machine must not change what is wanted.
  const wanted = configured(await tools.status());
  const { missingHealth: present } = await tools.settings();
  const record = former ?? SuiteRecord.begin(results, { ...given, missingHealth: given.missingHealth ?? present });
  const { options, runs, directory } = record;
  console.log(
    `seed ${options.seed}, ${options.rate} requests a second, ${chosen.length} experiments, ${options.runs} runs each, ` +
      `${runs.length} of them finished before; results: ${directory}`,
  );

  const { rate, seed, patience: recoverySeconds } = options;
  try {
    for (const { experiment, reading, label } of readings(chosen, options.missingHealth)) {
      if (stop.signal.aborted) break;
      await tools.readMissingHealth(reading);
      for (let run = 1; run <= options.runs && !stop.signal.aborted; run++) {
        if (record.has(label, run)) continue;
        say(`${label} (${run} of ${options.runs}): ${experiment.title}`);
        const place = join(directory, `${label.replaceAll(" ", "-")}-${run}`);
        // Of a run that was ended.
        rmSync(place, { recursive: true, force: true });
        mkdirSync(place);
        try {
          const report = await experiment.run({ tools, rate, seed, run, wanted, recoverySeconds, directory: place });
          for (const verdict of report.verdicts) say(verdictText(verdict));
          record.add({ experiment: label, run, report });
        } catch (error) {
          const trouble = error instanceof Error ? error.message : String(error);
          say(`NOT FINISHED  ${trouble}`);
          record.add({ experiment: label, run, trouble });
        }
        await compress(place);
      }
    }
  } finally {
    await tools.readMissingHealth(present);
  }
  if (!stop.signal.aborted) record.end();
  const failures = missed(runs);
  console.log(`\n${figuresText(runs)}\n`);
  console.log(
    failures.length === 0 ? "every goal was met" : `missed:\n${failures.map((line) => `  ${line}`).join("\n")}`,
  );
  console.log(`seed ${options.seed}; results: ${directory}`);
  process.exitCode = failures.length === 0 && !stop.signal.aborted ? 0 : 1;
}

/** Compresses histories: they are large, and their lines are alike. */
async function compress(place: string): Promise<void> {
  const histories = readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"));
  for (const name of histories) await runCommand(["gzip", "--fast", join(place, name)], { seconds: 120, apart: true });
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`chaos: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
