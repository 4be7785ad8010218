/** `bin/lab`: Azure on one Linux machine. */
import { spawnSync } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { damages, type Damage } from "../fabric/machine/damage.ts";
import { Machines } from "../fabric/machines.ts";
import { root, stateDir } from "../paths.ts";
import { authority } from "../authority.ts";
import { daemonStatus, ensureDaemon, runningDaemon } from "./daemon.ts";
import { down } from "./down.ts";
import { findMachine, ssh } from "./machines.ts";
import { ensureStack, pulumi } from "./pulumi.ts";
import { requireStack, stacks } from "./stacks.ts";
import { describe, stackStatus } from "./status.ts";
import { timed } from "./times.ts";
import { tour } from "./tour.ts";
import { outside } from "../fabric/names.ts";

const program = new Command("bin/lab")
  .description("The lab: Azure on one Linux machine, for the same Pulumi program. Needs root on Linux.")
  .enablePositionalOptions()
  .showHelpAfterError("(bin/lab --help tells more)");
const setOption = () =>
  new Option(
    "--set <path=value...>",
    "settings under platform:environment for this command only, besides the stack's file: tiers.back.instances=3",
  ).default([]);
const stackArgument = () =>
  new Argument("<stack>", `one with a file Pulumi.<stack>.yaml: ${stacks(root).join(", ") || "none yet"}`).argParser(
    (given: string) => {
      try {
        requireStack(root, given);
      } catch (error) {
        throw new InvalidArgumentError(`\n${(error as Error).message}`);
      }
      return given;
    },
  );

/** A command of this program that is one of Pulumi's for a stack. */
function pulumiCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(`${description} (pulumi ${name})`)
    .addArgument(stackArgument())
    .argument("[arguments...]", "Pulumi's own arguments, after --")
    .addHelpText("after", `\nArguments of Pulumi itself go after --:\n  bin/lab ${name} dev -- --target URN`)
    .showHelpAfterError(
      `(arguments of Pulumi itself go after --: bin/lab ${name} dev -- --target URN; bin/lab ${name} --help tells more)`,
    );
}

const yesOption = () => new Option("-y, --yes", "the lab never asks, so this changes nothing");

pulumiCommand("up", "build or change a stack")
  .addOption(setOption())
  .addOption(yesOption())
  .action(async (stack: string, more: string[], { set: settings }: { set: string[] }) => {
    await ensureDaemon();
    ensureStack(stack);
    process.exitCode = await timed(
      () => `pulumi up of stack ${stack}`,
      () => pulumi(["up", "--yes", "--skip-preview", "--stack", stack, ...more], { stack, settings }),
    );
  });
pulumiCommand("preview", "show what up would change")
  .addOption(setOption())
  .action(async (stack: string, more: string[], { set: settings }: { set: string[] }) => {
    await ensureDaemon();
    ensureStack(stack);
    process.exitCode = await pulumi(["preview", "--stack", stack, ...more], { stack, settings });
  });
pulumiCommand("destroy", "remove a stack's resources")
  .addOption(yesOption())
  .action(async (stack: string, more: string[]) => {
    await ensureDaemon();
    ensureStack(stack);
    process.exitCode = await pulumi(["destroy", "--yes", "--skip-preview", "--stack", stack, ...more]);
  });
program
  .command("pulumi")
  .description("the Pulumi CLI with the lab's environment")
  .passThroughOptions()
  .allowUnknownOption()
  .helpOption(false)
  .argument("[arguments...]", "arguments for pulumi")
  .addHelpText("after", "\nPulumi's own help: bin/lab pulumi help [command]\n")
  .action(async (args: string[], _: object, command: Command) => {
    if (args.length === 0 || isHelp(args.slice(0, 1))) {
      command.outputHelp();
    } else if (isHelp(args) || args[0] === "help" || args[0] === "version") {
      const { status, error } = spawnSync("pulumi", args, { stdio: "inherit" });
      if (error) throw error;
      process.exitCode = status ?? 1;
    } else {
      await ensureDaemon();
      process.exitCode = await pulumi(args);
    }
  });
program
  .command("status")
  .description("tiers, machines, load balancers, public addresses and URLs")
  .option("--json", "for programs")
  .action(async ({ json }: { json?: boolean }) => {
    const daemon = json ? await daemonStatus() : await runningDaemon();
    const found = daemon ? stackStatus(daemon) : [];
    process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : describe(found));
  });
program
  .command("tour")
  .description("send a request from outside and show the machines that it passes")
  .addArgument(stackArgument())
  .action(async (stack: string) => {
    const daemon = await runningDaemon();
    await timed(
      () => `tour of stack ${stack}`,
      () => tour(daemon, stack),
    );
  });
program
  .command("ssh")
  .description("a shell or a command on a machine, through the reverse proxy")
  .passThroughOptions()
  .argument("<machine>", "name, host name or address")
  .argument("[command...]", "command to run, after --")
  .action(async (name: string, command: string[]) => {
    const daemon = await runningDaemon();
    process.exitCode = await ssh(daemon, findMachine(daemon, name), command);
  });
program
  .command("kill")
  .description("break a machine, or mend it")
  .argument("<machine>", "name, host name or address")
  .addOption(new Option("--how <how>", "one of those below").choices(Object.keys(damages)).default("power"))
  .addHelpText(
    "after",
    `\nHow:\n${Object.entries(damages)
      .map(([how, text]) => `  ${how.padEnd(9)}${text}`)
      .join("\n")}`,
  )
  .action(async (name: string, { how }: { how: Damage }) => {
    const machine = findMachine(await runningDaemon(), name);
    const at = new Date();
    await new Machines({ stateDir, caFile: authority().caFile, log: console.error }).kill(machine, how);
    console.log(`${machine.name}: ${how} at ${at.toISOString()}`);
  });
program
  .command("internet")
  .description("a shell or a command outside every network")
  .passThroughOptions()
  .argument("[command...]", "command to run, after --")
  .action(async (command: string[]) => {
    await runningDaemon();
    const words = command.length > 0 ? command : [process.env.SHELL ?? "/bin/sh"];
    process.exitCode = spawnSync("ip", ["netns", "exec", outside, ...words], { stdio: "inherit" }).status ?? 1;
  });
program
  .command("log")
  .description("what happened")
  .addArgument(
    new Argument("<what>", "arm: every request to ARM and its answer; daemon: the daemon's own log").choices([
      "arm",
      "daemon",
    ]),
  )
  .action(async (what: string) => {
    const file = join(stateDir, `${what}.log`);
    if (!existsSync(file)) throw new Error(`nothing was logged yet: ${file} does not exist`);
    const files = [`${file}.1`, file].filter((one) => existsSync(one));
    await pipeline(
      async function* () {
        for (const one of files) yield* createReadStream(one);
      },
      process.stdout,
      { end: false },
    );
  });
program
  .command("down")
  .description("remove everything that the lab made on this machine, its stacks' state included")
  .action(async () => {
    await down();
    console.log("the lab is gone; its caches are kept");
  });

/** Words that ask for help; those after `--` are for another program. */
function isHelp(words: string[]): boolean {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  return own.includes("--help") || own.includes("-h");
}

const words = process.argv.slice(2);
// Without arguments, `pulumi` shows its help.
const asksForHelp = words.length === 0 || words.join() === "pulumi" || isHelp(words) || words.includes("help");
if (!asksForHelp && (process.platform !== "linux" || process.getuid?.() !== 0)) {
  console.error(
    "bin/lab: the lab makes network namespaces and boots machines, so it needs root on Linux; run it as root",
  );
  process.exit(1);
}
// The reader of the output may stop early, as head does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});
try {
  await program.parseAsync();
} catch (error) {
  console.error(`bin/lab: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
