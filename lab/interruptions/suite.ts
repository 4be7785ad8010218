/** `make interruptions`: kills an `up` at random moments, and shows that the next one completes it by itself. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { verdictText } from "../chaos/report.ts";
import { endedBySignals, positive, sayer } from "../chaos/program.ts";
import { daemonStatus, ensureDaemon } from "../cli/daemon.ts";
import { stackStatus } from "../cli/status.ts";
import { labCommand, run } from "../commands.ts";
import { isWhole } from "../e2e/groupStatus.ts";
import { cacheDir } from "../paths.ts";
import { holds } from "../polling.ts";
import { interrupt, type Tools } from "./interruption.ts";
import { MarkedCommand } from "./markedCommand.ts";
import { buildSeconds, planned } from "./plan.ts";
import { InterruptionsRecord, missed, roundsText, type Options } from "./record.ts";

interface Arguments extends Options {
  list?: boolean;
  continue?: boolean;
  record?: string;
}

const results = join(cacheDir, "interruptions");

const program = new Command("make interruptions")
  .description(
    "Kills (SIGKILL) an up of a stack in the lab at random moments, and looks each time whether the next up completes " +
      "by itself, preview shows no change then, and the tour answers. Destroys and builds the stack, with vaults of other " +
      "names than its file's: `bin/lab down` comes before it is used for something else. Needs root. Some five minutes a " +
      'round.\n\nWith make: make interruptions INTERRUPTIONS="--rounds 5 --seed 7"',
  )
  .option("--rounds <n>", "how many moments", positive, 20)
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
    for (const { number, work, share, how } of planned(given.seed, given.rounds))
      console.log(
        `${String(number).padStart(3)}  at ${(share * 100).toFixed(1).padStart(4)}%  ${how.padEnd(6)} ${work.name}`,
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
  const tools = realTools(record);
  /** Settings with which the stack stands, as far as that is known. */
  let standing: string | undefined;
  const bring = async (settings: readonly string[], name: string) => {
    const { status, output, seconds } = await tools.up(settings, join(directory, `${name}.log`));
    if (status !== 0)
      throw new Error(`bin/lab up ${options.stack} ended with ${status}:\n${output.trim().slice(-1500)}`);
    standing = settings.join("\n");
    return seconds;
  };
  if (record.build === undefined) {
    say("building, to know what that takes on this host");
    await tools.destroy();
    record.built(await bring([], "build"));
  }
  const pace = (record.build ?? buildSeconds) / buildSeconds;

  for (const round of rounds) {
    const { number, work, before, share, how } = round;
    if (stop.aborted) break;
    if (record.has(number)) continue;
    const place = join(directory, String(number).padStart(2, "0"));
    // Of a round that was broken off.
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
    const done = { round: number, work: work.name, how };
    try {
      for (;;) {
        if (!work.fromNothing && standing !== before.join("\n")) await bring(before, `${place}/before`);
        standing = undefined;
        const whole = record.took(work.name) ?? work.seconds * pace;
        const seconds = share * whole;
        say(
          `${number} of ${rounds.length}: ${work.name}; ${how} killed after ${seconds.toFixed(1)} of some ${whole.toFixed(0)} s`,
        );
        const interruption = await interrupt(round, seconds, tools, place);
        if ("endedAfter" in interruption) {
          say(`it had ended after ${interruption.endedAfter.toFixed(1)} s; once more`);
          record.ended(work.name, interruption.endedAfter);
          continue;
        }
        say(`killed after "${interruption.lastLine}"; the next up took ${interruption.next.toFixed(0)} s`);
        for (const verdict of interruption.verdicts) say(verdictText(verdict));
        if (interruption.verdicts.every(({ met }) => met)) standing = work.settings.join("\n");
        record.add({ ...done, interruption });
        break;
      }
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      say(`NOT FINISHED  ${trouble}`);
      record.add({ ...done, trouble });
    }
  }
  if (!stop.aborted) record.finish();
  const failures = missed(record.done);
  console.log(`\n${roundsText(record.done)}\n`);
  const completed = record.done.filter(({ interruption }) => interruption?.verdicts.every(({ met }) => met)).length;
  console.log(`${completed} of ${rounds.length} completed by the next up`);
  for (const failure of failures) console.log(`  ${failure}`);
  console.log(`seed ${options.seed}; results: ${directory}`);
  process.exitCode = completed === rounds.length ? 0 : 1;
}

function realTools(record: InterruptionsRecord): Tools {
  const { stack } = record.options;
  const set = (settings: readonly string[]) =>
    [`vault.name=${record.vault}`, ...settings].flatMap((setting) => ["--set", setting]);
  const command = async (...words: string[]) => run([labCommand, ...words], { seconds: 1800, apart: true });
  const whole = async () => {
    const daemon = await daemonStatus();
    const found = daemon && stackStatus(daemon).find((one) => one.stack === stack);
    return found !== undefined && isWhole(found);
  };
  return {
    async destroy() {
      const { status, output } = await command("destroy", stack);
      if (status !== 0)
        throw new Error(`bin/lab destroy ${stack} ended with ${status}:\n${output.trim().slice(-1500)}`);
      record.destroyed();
    },
    begin: (settings, log) => new MarkedCommand([labCommand, "up", stack, ...set(settings)], log),
    async up(settings, log) {
      const ended = await command("up", stack, ...set(settings));
      writeFileSync(log, ended.output);
      return ended;
    },
    preview: (settings) => command("preview", stack, ...set(settings), "--", "--expect-no-changes"),
    tour: () => command("tour", stack),
    async pending() {
      const { stdout } = await command("pulumi", "stack", "export", "--stack", stack);
      const { deployment } = JSON.parse(stdout) as { deployment: { pending_operations?: unknown[] } };
      return deployment.pending_operations?.length ?? 0;
    },
    becomesWhole: () => holds(whole, { timeoutSeconds: 240, intervalSeconds: 1 }),
    sleep: (seconds) => sleep(seconds * 1000),
    nowMs: () => performance.now(),
  };
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`interruptions: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
