/** `make bench`: how much an environment in the lab serves in time, up to its capacity and far beyond it. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { capacityText, measureCapacity } from "../chaos/capacity.ts";
import { realClock } from "../chaos/clock.ts";
import { loadProgram } from "../chaos/load.ts";
import { count, endedBySignals, positive, sayer } from "../chaos/program.ts";
import { configured } from "../chaos/sightings.ts";
import { realTools } from "../chaos/tools.ts";
import { ensureDaemon } from "../cli/daemon.ts";
import { cacheDir, root } from "../paths.ts";
import { buildAt, earlierCommit } from "../upgrade/checkout.ts";
import { releasesIn } from "../upgrade/releases.ts";
import { measureCurve, warmUpSeconds, type Series } from "./curve.ts";
import { plot } from "./plot.ts";
import { markdown, stepText, summary, tableText, type Results } from "./results.ts";

interface Options {
  stack: string;
  shares: number[];
  seconds: number;
  repeat: number;
  seed: number;
  before?: string;
  keep?: boolean;
  out?: string;
}

/** Seconds in which the environment must be calm again after a step: repairs and healing are part of it. */
const patienceSeconds = 300;

const shares = (text: string): number[] => text.split(",").map(positive);
const stepSeconds = (text: string): number => {
  const value = positive(text);
  if (value < warmUpSeconds + 2)
    throw new InvalidArgumentError(`${warmUpSeconds} s do not count: at least ${warmUpSeconds + 2} are needed`);
  return value;
};

const program = new Command("make bench")
  .description(
    "Measures the capacity of an environment in the lab, then what it serves at shares and multiples of that: a table,\n" +
      "a plot and the figures as JSON. Needs root and a stack that is up (bin/lab up dev), but for --before.\n" +
      'With make: make bench BENCH="--before 0.1.0 --out docs/goodput.svg"',
  )
  .option("--stack <stack>", "the environment", "dev")
  .option(
    "--shares <list>",
    "offered rates as shares of the capacity, with commas",
    shares,
    [0.3, 0.6, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 4],
  )
  .option("--seconds <n>", `of each step; the first ${warmUpSeconds} do not count`, stepSeconds, 20)
  .option("--repeat <n>", "how often each step is measured; the median counts", count, 1)
  .option("--seed <n>", "of the requests", positive, 1)
  .option(
    "--before <release>",
    "version in CHANGELOG.md, or a commit: removes what the lab has, builds the stack as that makes it, measures it, " +
      "upgrades it to this tree, and measures the same rates",
  )
  .option("--keep", "with --before: the stack runs already as the earlier release made it")
  .option("--out <file.svg>", "a copy of the plot")
  .action(main);

const started = Date.now();
const say = sayer(started);

async function main({ stack, before, keep, out, ...given }: Options): Promise<void> {
  if (keep && before === undefined) throw new Error("--keep is for --before: without it the stack is kept anyway");
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const stop = endedBySignals("what was measured is kept");
  const began = new Date(started).toISOString();
  const directory = join(cacheDir, "bench", began.replaceAll(":", "-"));
  mkdirSync(directory, { recursive: true });
  if (before !== undefined) {
    const commit = await earlierCommit(releasesIn(readFileSync(join(root, "CHANGELOG.md"), "utf8")), before);
    if (!keep) {
      say(`building ${stack} of ${commit}`);
      buildAt(commit, stack);
    }
    // The lab's own daemon stands for Azure: it is the same for both.
    await ensureDaemon();
  }

  const tools = realTools(stack, loadProgram(), realClock(stop), say);
  const { seed, seconds, repeat } = given;
  const processors = `${availableParallelism()} processors (${cpus()[0]?.model ?? "unknown"})`;
  const results: Results = { stack, began, processors, seed, seconds, repeat, base: 0, series: [] };
  const measure = async (name: string): Promise<void> => {
    const wanted = configured(await tools.status());
    const place = { tools, wanted, seed, directory: join(directory, String(results.series.length + 1)) };
    say(`${name}: measuring the capacity`);
    const capacity = await measureCapacity(place);
    say(`${name}: ${capacityText(capacity)}`);
    results.base ||= capacity.rate;
    const series: Series = { name, capacity, steps: [] };
    results.series.push(series);
    const rates = given.shares.map((share) => Math.max(1, Math.round(share * results.base)));
    await measureCurve(place, series, { rates, seconds, repeat, patienceSeconds }, async (serving) => {
      say(`${name}: ${stepText(serving)}`);
      await keepResults(directory, results);
    });
    await keepResults(directory, results);
    if (series.trouble !== undefined) say(`${name}: the curve ends ${series.trouble}`);
    stop.throwIfAborted();
  };
  if (before !== undefined) {
    await measure(before);
    say(`bin/lab up ${stack}`);
    await tools.up();
  }
  await measure("this tree");

  for (const series of results.series) console.log(`\n${series.name}\n${tableText(series)}`);
  console.log(`\n${results.series.flatMap((series) => summary(series, results.base)).join("\n")}`);
  if (out !== undefined) {
    mkdirSync(dirname(out), { recursive: true });
    copyFileSync(join(directory, "goodput.svg"), out);
  }
  console.log(`seed ${seed}; results: ${directory}`);
  process.exitCode = results.series.some(({ trouble }) => trouble !== undefined) ? 1 : 0;
}

/** After each step: what was measured is there, however it ends. */
async function keepResults(directory: string, results: Results): Promise<void> {
  const { stack, processors, seconds, series } = results;
  writeFileSync(join(directory, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(directory, "results.md"), markdown(results));
  const svg = await plot(`Goodput of ${stack}`, `${processors}; ${seconds} s for each step`, series);
  writeFileSync(join(directory, "goodput.svg"), svg);
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
