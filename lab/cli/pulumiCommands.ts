/** The commands of `bin/lab` that run Pulumi. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { root, stackFilesDir } from "../paths.ts";
import { askAzure } from "./askAzure.ts";
import { ensureDaemon, runningDaemon } from "./daemon.ts";
import { delivery, ensureStack, pulumi, recover } from "./pulumi.ts";
import { sshCertificate } from "./sshCertificate.ts";
import { readStackFile, requireStack, stacks } from "./stacks.ts";
import { timed } from "./times.ts";

interface UpOptions {
  set: string[];
  leave: string[];
}

interface InventoryOptions {
  wait?: boolean;
  timeout?: string;
  json?: boolean;
  set: string[];
}

/** Adds `up`, `preview`, `destroy`, `inventory`, `ssh-certificate`, `pulumi` and `delivery`. */
export function addPulumiCommands(program: Command): void {
  stackCommand(program, "up", "build or change a stack")
    .addOption(setOption())
    .addOption(leaveOption())
    .addOption(yesOption())
    .action(async (stack: string, more: string[], { set: settings, leave: left }: UpOptions) => {
      await ensureDaemon();
      ensureStack(stack);
      process.exitCode = await timed(
        () => `pulumi up of stack ${stack}`,
        async () => {
          await recover(stack);
          return pulumi(["up", "--yes", "--skip-preview", "--stack", stack, ...more], { stack, settings, left });
        },
      );
    });
  stackCommand(program, "preview", "show what up would change")
    .addOption(setOption())
    .addOption(leaveOption())
    .action(async (stack: string, more: string[], { set: settings, leave: left }: UpOptions) => {
      await ensureDaemon();
      ensureStack(stack);
      process.exitCode = await pulumi(["preview", "--stack", stack, ...more], { stack, settings, left });
    });
  stackCommand(program, "destroy", "remove a stack's resources")
    .addOption(yesOption())
    .action(async (stack: string, more: string[]) => {
      await ensureDaemon();
      ensureStack(stack);
      await recover(stack);
      process.exitCode = await pulumi(["destroy", "--yes", "--skip-preview", "--stack", stack, ...more]);
    });
  program
    .command("inventory")
    .description("write a stack's inventory, SSH configuration and host keys anew (bin/inventory)")
    .addArgument(stackArgument())
    .option("--wait", "wait until all machines are there and have host keys")
    .option("--timeout <seconds>", "how long")
    .addOption(setOption())
    .option("--json", "print the machines as JSON")
    .action(async (stack: string, { wait, timeout, json, set: settings }: InventoryOptions) => {
      await runningDaemon();
      const args = [
        stack,
        ...(json ? ["--json"] : []),
        ...(wait ? ["--wait"] : []),
        ...(timeout === undefined ? [] : ["--timeout", timeout]),
      ];
      process.exitCode = askAzure("inventory", args, { stack, settings, left: [] }).status;
    });
  program
    .command("ssh-certificate")
    .description("a certificate for SSH that lasts some minutes, or the key of its authority (bin/ssh-certificate)")
    .addArgument(stackArgument())
    .argument("[arguments...]", "those of bin/ssh-certificate, after --")
    .addHelpText(
      "after",
      "\nOnce, then bin/lab up: bin/lab ssh-certificate dev -- authority --for deploy --signer me\n" +
        "Each time:             bin/lab ssh-certificate dev -- --out DIR",
    )
    .addOption(setOption())
    .action(async (stack: string, args: string[], { set: settings }: Pick<InventoryOptions, "set">) => {
      await runningDaemon();
      process.exitCode = sshCertificate([...args, stack], { stack, settings, left: [] });
    });
  passingOn(program, "pulumi", "arguments for pulumi")
    .description("the Pulumi CLI with the lab's environment")
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
  passingOn(program, "delivery", "arguments for bin/delivery")
    .description("bin/delivery with the lab's environment")
    .option("--set <path=value>", `${settingsHelp}; before its arguments, again for each`, collected, [])
    .addHelpText("after", "\nIts own help: bin/lab delivery help [command]\n")
    .action(async (args: string[], { set: settings }: Pick<UpOptions, "set">, command: Command) => {
      if (args.length === 0 || isHelp(args.slice(0, 1))) {
        command.outputHelp();
      } else if (isHelp(args) || args[0] === "help") {
        const run = spawnSync(process.execPath, [join(root, "delivery", "main.ts"), ...args], { stdio: "inherit" });
        process.exitCode = run.status ?? 1;
      } else {
        await ensureDaemon();
        const stack = args.slice(1).find((one) => stacks(stackFilesDir).includes(one));
        if (stack !== undefined) ensureStack(stack);
        else if (settings.length > 0)
          throw new Error(`--set: given ${settings.join(", ")}, allowed where the arguments name a stack`);
        process.exitCode = await delivery(args, stack, settings);
      }
    });
}

/** A command that passes all of its arguments on, those that ask for help, too. */
export const passingOn = (program: Command, name: string, what: string): Command =>
  program.command(name).passThroughOptions().allowUnknownOption().helpOption(false).argument("[arguments...]", what);

const settingsHelp = "settings under platform:environment for this command only, besides the stack's file";
const collected = (one: string, before: string[]) => [...before, one];
const setOption = () => new Option("--set <path=value...>", `${settingsHelp}: tiers.back.instances=3`).default([]);
const leaveOption = () =>
  new Option("--leave <secret...>", "secrets that people set in the vault: the lab sets no value for them").default([]);
const yesOption = () => new Option("-y, --yes", "the lab never asks, so this changes nothing");

/** The name of a stack that the project has a readable file for. */
export const stackArgument = () =>
  new Argument(
    "<stack>",
    `one with a file Pulumi.<stack>.yaml: ${stacks(stackFilesDir).join(", ") || "none yet"}`,
  ).argParser((given: string) => {
    try {
      requireStack(stackFilesDir, given);
      // Read here, so that a faulty file is told before a daemon is started for it.
      readStackFile(stackFilesDir, given);
    } catch (error) {
      throw new InvalidArgumentError(`\n${(error as Error).message}`);
    }
    return given;
  });

/** A command of this program that is one of Pulumi's for a stack. */
function stackCommand(program: Command, name: string, description: string): Command {
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

/** Words that ask for help; those after `--` are for another program. */
export function isHelp(words: string[]): boolean {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  return own.includes("--help") || own.includes("-h");
}
