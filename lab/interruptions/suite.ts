/** `make interruptions`: kills an `up` at random moments, and shows that the next one completes it by itself. */
import { join } from "node:path";
import { Command, Option } from "commander";
import { count, endedBySignals, positive, sayer } from "../chaos/program.ts";
import { ensureDaemon } from "../cli/daemon.ts";
import { cacheDir } from "../paths.ts";
import { labTools } from "./labTools.ts";
import { planned } from "./plan.ts";
import { InterruptionsRecord, missed, roundsText, type Options } from "./record.ts";
import { playRounds } from "./rounds.ts";

interface Arguments extends Options {
  list?: boolean;
  continue?: boolean;
  record?: string;
}

const results = join(cacheDir, "interruptions");

const program = new Command("make interruptions")
  .description(
    "Kills (SIGKILL) an up of a stack in the lab at random moments, every second one that of a pipeline (bin/delivery up), " +
      "and looks each time whether the same command completes it " +
      "by itself, preview shows no change then, and the tour answers. Destroys and builds the stack, with vaults of other " +
      "names than its file's: `bin/lab down` comes before it is used for something else. Needs root. Some three minutes a " +
      'round.\n\nWith make: make interruptions INTERRUPTIONS="--rounds 5 --seed 7"',
  )
  .option("--rounds <n>", "how many moments", count, 20)
  .option("--seed <n>", "of works, moments and ways to kill", positive, Math.floor(Math.random() * 1e6) + 1)
  .option("--stack <stack>", "the environment; its tiers are those of dev", "dev")
  .option("--list", "list the rounds of the seed and end")
  .addOption(
    new Option("--continue", "go on with the last suite that was broken off, without what it has finished").conflicts([
      "rounds",
      "seed",
    ]),
  )
  .option("--record <path>", "with --continue: the one in this folder, or in a copy of its results.json")
  .action(main);

async function main({ list, continue: goOn, record: path, ...given }: Arguments): Promise<void> {
  if (list) {
    console.log(`seed ${given.seed}`);
    for (const { number, form, work, share, how } of planned(given.seed, given.rounds))
      console.log(
        `${String(number).padStart(3)}  at ${(share * 100).toFixed(1).padStart(4)}%  ${how.padEnd(6)} ${form.padEnd(12)} ${work.name}`,
      );
    return;
  }
  if (path !== undefined && !goOn) throw new Error("--record: allowed with --continue only");
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const stop = endedBySignals("the round goes on to its end");
  const say = sayer();
  const record = goOn ? InterruptionsRecord.last(results, path) : InterruptionsRecord.begin(results, given);
  const { directory, options } = record;
  const rounds = planned(options.seed, options.rounds);
  console.log(
    `seed ${options.seed}, ${rounds.length} rounds, ${record.done.length} of them finished before; results: ${directory}`,
  );
  // One that an up started would be killed with it.
  await ensureDaemon();
  await playRounds(rounds, record, labTools(record), say, stop);
  const failures = missed(record.done);
  console.log(`\n${roundsText(record.done)}\n`);
  const completed = record.done.filter(({ interruption }) => interruption?.verdicts.every(({ met }) => met)).length;
  console.log(`${completed} of ${rounds.length} completed by the next up`);
  for (const failure of failures) console.log(`  ${failure}`);
  console.log(`seed ${options.seed}; results: ${directory}`);
  process.exitCode = completed === rounds.length ? 0 : 1;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`interruptions: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
