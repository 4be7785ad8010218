/** `make renewals`: days of seconds, in which certificates are renewed while proxies, the authority and the vault come and go. */
import { join } from "node:path";
import { Command, Option } from "commander";
import { authority } from "../authority.ts";
import { realClock } from "../chaos/clock.ts";
import { loadProgram } from "../chaos/load.ts";
import { count, endedBySignals, positive, sayer } from "../chaos/program.ts";
import { verdictText } from "../chaos/report.ts";
import { realTools } from "../chaos/tools.ts";
import { outside } from "../commands.ts";
import { outputOf } from "../e2e/vault.ts";
import { acmeDirectory } from "../fabric/addresses.ts";
import { definitions, keepSetting } from "../liveSettings.ts";
import { cacheDir, stateDir } from "../paths.ts";
import { Lack, until } from "../polling.ts";
import { daySeconds, refreshSeconds } from "./days.ts";
import { verdicts } from "./goals.ts";
import { labTools } from "./labTools.ts";
import { lifeDays, planned } from "./plan.ts";
import { RenewalsRecord, type Options } from "./record.ts";
import { play } from "./timeline.ts";

interface Arguments extends Options {
  list?: boolean;
  continue?: boolean;
  record?: string;
}

const results = join(cacheDir, "renewals");

const program = new Command("make renewals")
  .description(
    `Plays days of ${daySeconds} s in an environment in the lab, with certificates that are valid for ${lifeDays} of them: proxies are ` +
      "replaced and their certificates wiped, the authority and the vault are away for days, and clients connect from outside " +
      "all the time. Needs root and a stack that is up (bin/lab up dev). 90 days take some 50 minutes: 10 before day 0, in which " +
      'a certificate gets its age, 30, and an `up` before and after.\n\nWith make: make renewals RENEWALS="--days 36 --seed 7"',
  )
  .option("--days <n>", "how many days", count, 90)
  .option("--rate <n>", "connections a second, from outside", positive, 10)
  .option("--seed <n>", "of what happens when, and to which proxy", positive, Math.floor(Math.random() * 1e6) + 1)
  .option("--stack <stack>", "the environment", "dev")
  .option("--list", "list what the seed does on which day, and end")
  .addOption(
    new Option("--continue", "go on with the last suite that was broken off, without what it has finished").conflicts([
      "days",
      "rate",
      "seed",
    ]),
  )
  .option("--record <path>", "with --continue: the one in this folder, or in a copy of its results.json")
  .action(main);

async function main({ list, continue: goOn, record: path, ...given }: Arguments): Promise<void> {
  if (list) return listed(given);
  if (path !== undefined && !goOn) throw new Error("--record: allowed with --continue only");
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const stop = endedBySignals("what is away comes back first");
  const over = new AbortController();
  const clock = realClock(AbortSignal.any([stop, over.signal]));
  const say = sayer();
  const former = goOn ? RenewalsRecord.last(results, path) : undefined;
  const { stack } = former?.options ?? given;
  const { caFile } = authority();
  const lab = realTools(stack, loadProgram(), clock, say);
  const record = former ?? RenewalsRecord.begin(results, given, await hostsOf(stack));
  const { options, directory } = record;
  const plan = planned(options.seed, options.days, record.hosts);
  const { replacements, wipes, reached } = record;
  console.log(
    `seed ${options.seed}, ${options.days} days of ${plan.hosts.join(", ")}: ${replacements.length} of ${plan.replacements.length} ` +
      `replacements and ${wipes.length} of ${plan.wipes.length} wipes were done before, until day ${reached.toFixed(0)}; ` +
      `results: ${directory}`,
  );
  let isAsBefore = true;
  const tools = await labTools(stack, lab, await vaultName(stack), caFile);
  const bringBack = () => {
    tools.set("authority", false);
    tools.set("vault", false);
  };
  try {
    // A suite that was killed has left them as they were.
    bringBack();
    say(`proxies look every ${refreshSeconds} s`);
    await lab.up({ "vault.refresh": `PT${refreshSeconds}S` });
    keepSetting(stateDir, "acmeDaySeconds", String(daySeconds));
    await untilDaysAre(daySeconds);
    await play(plan, record, tools, caFile);
  } catch (error) {
    say(`NOT FINISHED  ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    over.abort();
    bringBack();
    keepSetting(stateDir, "acmeDaySeconds", String(definitions.acmeDaySeconds.standard));
    await tools.settle().catch((error: unknown) => say(`as many proxies as before: ${String(error)}`));
    say("proxies look as the stack file says");
    // What was seen is told also where this fails.
    await lab.up().catch((error: unknown) => {
      isAsBefore = false;
      say(`NOT AS BEFORE; bin/lab up ${stack} is to be repeated  ${String(error)}`);
    });
  }
  const found = verdicts(plan, record);
  console.log("");
  for (const verdict of found) console.log(verdictText(verdict));
  const isMet = record.finished && found.every(({ met }) => met);
  const outcome = record.finished ? "a goal was missed" : "broken off; --continue goes on";
  console.log(`${isMet ? "every goal was met" : outcome}\nseed ${options.seed}; results: ${directory}`);
  process.exitCode = isMet && isAsBefore ? 0 : 1;
}

/** Those of its routes that clients can ask for: a wildcard is left out. */
const hostsOf = async (stack: string): Promise<string[]> =>
  (JSON.parse(await outputOf(stack, "urls")) as string[]).map((url) => new URL(url).hostname);

const vaultName = async (stack: string) => new URL(await outputOf(stack, "vaultUri")).hostname.split(".")[0] ?? "";

/** The authority is made anew for days of another length. */
async function untilDaysAre(seconds: number): Promise<void> {
  const wanted = `"${lifeDays * seconds} s"`;
  const look = async () => {
    const { stdout } = await outside("curl", "-sS", "--max-time", "10", acmeDirectory);
    return stdout.includes(wanted) || new Lack(`${acmeDirectory} says ${stdout.slice(0, 200)}`);
  };
  await until(`certificates of ${wanted}`, look, { timeoutSeconds: 60, intervalSeconds: 1 });
}

function listed({ seed, days }: Options): void {
  const { replacements, wipes, away } = planned(seed, days, []);
  const events = [
    ...replacements.map(({ number, day }) => ({ day, text: `replacement ${number}` })),
    ...wipes.map(({ number, day }) => ({ day, text: `wipe ${number}` })),
    ...away.flatMap(({ service, from, to }) => [
      { day: from, text: `the ${service} goes away` },
      { day: to, text: `the ${service} comes back` },
    ]),
  ];
  console.log(`seed ${seed}`);
  for (const { day, text } of events.sort((one, other) => one.day - other.day))
    console.log(`day ${day.toFixed(1).padStart(5)}  ${text}`);
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`renewals: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
