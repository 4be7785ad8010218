/** `make chaos`: breaks the environment in the lab while it is used, and holds what comes of it against the goals. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { missingHealthReadings } from "../liveSettings.ts";
import { cacheDir } from "../paths.ts";
import { capacityText, measureCapacity } from "./capacity.ts";
import { realClock } from "./clock.ts";
import { comparison } from "./comparison.ts";
import { compress } from "./compress.ts";
import { disturbed } from "./disturbed.ts";
import type { Experiment } from "./experiment.ts";
import { loadProgram } from "./load.ts";
import { overloads } from "./overload.ts";
import { count, endedBySignals, positive, sayer } from "./program.ts";
import { SuiteRecord, type Options } from "./record.ts";
import { figuresText, missed, verdictText } from "./report.ts";
import { scenarios } from "./scenarios.ts";
import { chosenExperiments, possible, readings } from "./selection.ts";
import { configured } from "./sightings.ts";
import { realTools } from "./tools.ts";

interface Arguments extends Omit<Options, "missingHealth"> {
  missingHealth?: Options["missingHealth"];
  list?: boolean;
  continue?: boolean;
}

const results = join(cacheDir, "chaos");

const experiments: Experiment[] = [...scenarios.map(disturbed), comparison, ...overloads];

const share = (text: string): number => {
  const value = positive(text);
  if (value > 1) throw new InvalidArgumentError("it must be a share of the capacity, above 0 and at most 1");
  return value;
};

const program = new Command("make chaos")
  .description(
    "Breaks an environment in the lab while it is used. Needs root and a stack that is up (bin/lab up dev).\n" +
      "With make: make chaos CHAOS=\"--only 'front-*' --runs 3\"",
  )
  .option("--only <names...>", "experiments, by name or with * (default: all)", [])
  .option("--runs <n>", "how often each is run", count, 1)
  .option("--share <share>", "share of the capacity, measured first, at which experiments run", share, 0.6)
  .addOption(
    new Option(
      "--rate <n>",
      "requests a second instead: nothing is measured, and experiments about the capacity are left out",
    )
      .argParser(positive)
      .conflicts("share"),
  )
  .option("--seed <n>", "of requests and of the choice of machines", positive, Math.floor(Math.random() * 1e6) + 1)
  .option("--stack <stack>", "the environment", "dev")
  .addOption(
    new Option(
      "--missing-health <reading>",
      "what a silent machine is for Azure's repairs, in experiments that have one; both: they are run under each " +
        "(default: as the lab is set, see bin/lab set)",
    ).choices([...missingHealthReadings, "both"]),
  )
  .option("--patience <seconds>", "in which it must be whole again; repairs and healing are part of it", positive, 300)
  .addOption(
    new Option("--continue", "go on with the last suite that was broken off, without what it has finished").conflicts([
      "only",
      "runs",
      "share",
      "rate",
      "seed",
      "missingHealth",
      "patience",
    ]),
  )
  .option("--list", "list the experiments and end")
  .action(main);

async function main({ list, continue: goOn, ...given }: Arguments): Promise<void> {
  if (list) {
    for (const { name, title } of chosenExperiments(experiments, given.only)) console.log(`${name.padEnd(34)}${title}`);
    return;
  }
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const stop = endedBySignals("what was broken is mended first");
  const say = sayer();
  const former = goOn ? SuiteRecord.last(results) : undefined;
  const { only, stack, rate: fixed } = former?.options ?? given;
  const [chosen, leftOut] = possible(chosenExperiments(experiments, only), fixed === undefined);
  const tools = realTools(stack, loadProgram(), realClock(stop), say);
  // Read once: a repair that forgets a machine must not change what is wanted.
  const wanted = configured(await tools.status());
  const { missingHealth: present } = await tools.settings();
  const record = former ?? SuiteRecord.begin(results, { ...given, missingHealth: given.missingHealth ?? present });
  const { options, runs, directory } = record;
  const { seed, patience: recoverySeconds } = options;
  console.log(
    `seed ${seed}, ${chosen.length} experiments, ${options.runs} runs each, ${runs.length} of them finished before; ` +
      `results: ${directory}`,
  );
  if (leftOut.length > 0) console.log(`left out, for --rate measures no capacity: ${leftOut.join(", ")}`);

  if (fixed === undefined && !record.capacity) {
    say("measuring the capacity");
    record.measured(await measureCapacity({ tools, wanted, seed, directory: join(directory, "capacity") }));
  }
  const { capacity } = record;
  const rate = fixed ?? Math.max(1, Math.round(options.share * (capacity?.rate ?? 0)));
  say(`${capacity ? `${capacityText(capacity)}; ` : ""}experiments run at ${rate} requests a second`);

  try {
    for (const { experiment, reading, label } of readings(chosen, options.missingHealth)) {
      if (stop.aborted) break;
      tools.readMissingHealth(reading);
      for (let run = 1; run <= options.runs && !stop.aborted; run++) {
        if (record.has(label, run)) continue;
        say(`${label} (${run} of ${options.runs}): ${experiment.title}`);
        const place = join(directory, `${label.replaceAll(" ", "-")}-${run}`);
        // Of a run that was broken off.
        rmSync(place, { recursive: true, force: true });
        mkdirSync(place);
        try {
          const context = { tools, rate, capacity, seed, run, wanted, recoverySeconds, directory: place };
          const report = await experiment.run(context);
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
    tools.readMissingHealth(present);
  }
  if (!stop.aborted) record.finish();
  const failures = missed(runs);
  console.log(`\n${figuresText(runs)}\n`);
  console.log(
    failures.length === 0 ? "every goal was met" : `missed:\n${failures.map((line) => `  ${line}`).join("\n")}`,
  );
  console.log(`seed ${options.seed}; results: ${directory}`);
  process.exitCode = failures.length === 0 && !stop.aborted ? 0 : 1;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`chaos: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
