/** `make upgrade`: takes an environment of an earlier release to this commit while it is used. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { realClock } from "../chaos/clock.ts";
import { runScenario } from "../chaos/disturbed.ts";
import { becameWhole, loadWasKept, noRequestFailed, writesWereKept } from "../chaos/goals.ts";
import { loadProgram } from "../chaos/load.ts";
import { positive, sayer } from "../chaos/program.ts";
import { verdictText } from "../chaos/report.ts";
import { configured } from "../chaos/sightings.ts";
import { realTools } from "../chaos/tools.ts";
import { ensureDaemon } from "../cli/daemon.ts";
import { labCommand, run } from "../commands.ts";
import { cacheDir, root } from "../paths.ts";
import { buildAt, earlierCommit } from "./checkout.ts";
import { replacedIn } from "./engineEvents.ts";
import { releasesIn } from "./releases.ts";

interface Options {
  from?: string;
  stack: string;
  rate: number;
  keep?: boolean;
}

const program = new Command("make upgrade")
  .description(
    "Builds a stack in the lab as an earlier release makes it, and takes it to this commit under load: nothing may be\n" +
      "replaced but what CHANGELOG.md lists, and no request may fail. Removes what the lab has before. Needs root.\n" +
      'With make: make upgrade UPGRADE="--from 0.1.0"',
  )
  .option(
    "--from <release>",
    "version in CHANGELOG.md, or a commit; default: the newest release that is not this commit",
  )
  .option("--stack <stack>", "the environment", "dev")
  .option("--rate <n>", "requests a second", positive, 100)
  .option("--keep", "the stack runs already as the earlier release made it: begin with the upgrade")
  .action(main);

const started = Date.now();
const say = sayer(started);

async function main({ from, stack, rate, keep }: Options): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const releases = releasesIn(readFileSync(join(root, "CHANGELOG.md"), "utf8"));
  const commit = await earlierCommit(releases, from);
  const directory = join(cacheDir, "upgrade", new Date(started).toISOString().replaceAll(":", "-"));
  mkdirSync(directory, { recursive: true });
  if (!keep) {
    say(`building ${stack} of ${commit}`);
    buildAt(commit, stack);
  }
  // The lab's own daemon first: it stands for Azure, and is not what is upgraded.
  await ensureDaemon();

  const tools = realTools(stack, loadProgram(), realClock(new AbortController().signal), say);
  const before = await tools.status();
  const log = join(directory, "events.json");
  const report = await runScenario(
    {
      name: "upgrade",
      title: "an environment of an earlier release is taken to this commit",
      goals: [loadWasKept, noRequestFailed, writesWereKept, becameWhole],
      disturb: async () => {
        const at = Date.now();
        say(`bin/lab up ${stack}`);
        // The flag is the Automation API's; the engine has it beside its commands for debugging only.
        const env = { PULUMI_DEBUG_COMMANDS: "true" };
        const command = [labCommand, "up", stack, "--", "--event-log", log];
        const { status, output } = await run(command, { env, apart: true, seconds: 1800 });
        if (status !== 0) throw new Error(`bin/lab up ${stack} ended with ${status}:\n${output.trim().slice(-3000)}`);
        say("bin/lab up has ended");
        return at;
      },
    },
    { tools, rate, seed: 1, run: 1, wanted: configured(before), recoverySeconds: 300, directory },
  );
  const after = await tools.status();
  const lost = before.machines.filter(({ name }) => !after.machines.some((machine) => machine.name === name));
  const replaced = replacedIn(readFileSync(log, "utf8"));
  const since = releases.findIndex((release) => release.commit === commit);
  const allowed = releases.slice(0, since < 0 ? undefined : since).flatMap((release) => release.replaced);
  const verdicts = [
    ...report.verdicts,
    {
      goal: "nothing was replaced but what CHANGELOG.md lists",
      wanted: allowed.join(", ") || "nothing",
      got: replaced.join(", ") || "nothing",
      met: replaced.every((name) => allowed.includes(name)),
    },
    {
      goal: "the machines are those of before",
      wanted: `${before.machines.length} machines`,
      got: lost.length === 0 ? "the same" : `without ${lost.map(({ name }) => name).join(", ")}`,
      met: lost.length === 0,
    },
  ];
  for (const verdict of verdicts) say(verdictText(verdict));
  const { requests, "p99 before ms": p99Before, "p99 ms": p99 } = report.figures;
  say(
    `${requests} requests; 99th percentile ${p99Before?.toFixed(0)} ms before, ${p99?.toFixed(0)} ms during; ${directory}`,
  );
  process.exitCode = verdicts.every(({ met }) => met) ? 0 : 1;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`upgrade: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
