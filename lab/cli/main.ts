/** `bin/lab`: Azure on one Linux machine. */
import { spawnSync } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Argument, Command, Option } from "commander";
import { authority } from "../authority.ts";
import { damages, type Damage } from "../fabric/machine/damage.ts";
import { type ImageFault, imageFaults, setImageFault } from "../fabric/machine/imageFault.ts";
import { asAdministrator } from "../fabric/internet.ts";
import { outside } from "../fabric/names.ts";
import { keepSetting, settingNames, settingText, type VaultState, vaultStates } from "../liveSettings.ts";
import { stackFilesDir, stateDir } from "../paths.ts";
import { daemonStatus, runningDaemon } from "./daemon.ts";
import { down } from "./down.ts";
import { addInternetCommands } from "./internet.ts";
import { addLimitsCommand } from "./limits.ts";
import { findMachine, kill, ssh } from "./machines.ts";
import { addProjectCommand } from "./projectCommand.ts";
import { addPulumiCommands, isHelp, passingOn, stackArgument } from "./pulumiCommands.ts";
import { releasesOn } from "./releases.ts";
import { entryOf } from "./stacks.ts";
import { describe, stackStatus } from "./status.ts";
import { timed } from "./times.ts";
import { tour } from "./tour.ts";

/** Choices with their meanings, for help texts. */
function explained(title: string, meanings: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(meanings).map(({ length }) => length)) + 2;
  return [`${title}:`, ...Object.entries(meanings).map(([name, text]) => `  ${name.padEnd(width)}${text}`)].join("\n");
}

const program = new Command("bin/lab")
  .description("The lab: Azure on one Linux machine, for the same Pulumi program. Needs root on Linux.")
  .enablePositionalOptions()
  .showHelpAfterError("(bin/lab --help tells more)");
addPulumiCommands(program);
addProjectCommand(program);
program
  .command("status")
  .description("tiers, machines with their releases, load balancers, public addresses and URLs")
  .option("--json", "for programs")
  .action(async ({ json }: { json?: boolean }) => {
    const daemon = json ? await daemonStatus() : await runningDaemon();
    const found = daemon ? stackStatus(daemon, (id) => releasesOn(stateDir, id)) : [];
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
      () => tour(daemon, stack, entryOf(stackFilesDir, stack)),
    );
  });
program
  .command("ssh")
  .description("a shell or a command on a machine, through the reverse proxy")
  .passThroughOptions()
  .argument("<machine>", "name, host name, address, or name in the inventory")
  .argument("[command...]", "command to run, after --")
  .action(async (name: string, command: string[]) => {
    const daemon = await runningDaemon();
    process.exitCode = await ssh(daemon, findMachine(daemon, name), command);
  });
program
  .command("kill")
  .description("break a machine, or mend it")
  .argument("<machine>", "name, host name, address, or name in the inventory")
  .addOption(new Option("--how <how>", "one of those below").choices(Object.keys(damages)).default("power"))
  .addHelpText("after", `\n${explained("How", damages)}`)
  .action(async (name: string, { how }: { how: Damage }) => {
    const machine = findMachine(await runningDaemon(), name);
    const at = await kill(machine, how);
    console.log(`${machine.name}: ${how} at ${new Date(at).toISOString()}`);
  });
program
  .command("set")
  .description("tell, or change while the lab runs, Azure's times and what Azure leaves open")
  .addArgument(new Argument("[setting]", "absent: all are told").choices(Object.keys(settingNames)))
  .argument("[value]", "absent: the setting is told")
  .action(async (setting: string | undefined, value: string | undefined) => {
    await runningDaemon();
    const names = setting === undefined ? Object.keys(settingNames) : [setting];
    if (setting !== undefined && value !== undefined) keepSetting(stateDir, settingNames[setting]!, value);
    const { settings } = await runningDaemon();
    for (const name of names) console.log(settingText(name, settings));
  });
program
  .command("image")
  .description("break the image of machines that are not up yet, or mend it, for experiments")
  .addArgument(new Argument("<how>", "one of those below").choices(Object.keys(imageFaults)))
  .addHelpText(
    "after",
    `\n${explained("How", imageFaults)}\n\nMachines that were up before are not touched. It counts until \`bin/lab down\`.`,
  )
  .action((how: ImageFault) => {
    setImageFault(stateDir, how);
    console.log(`the image of machines that are not up yet: ${imageFaults[how]}`);
  });
program
  .command("vault")
  .description("take all key vaults away, throttle them, or mend them, for experiments")
  .addArgument(new Argument("<state>", "one of those below").choices(Object.keys(vaultStates)))
  .addHelpText("after", `\n${explained("States", vaultStates)}\n\nIt counts until \`bin/lab down\`.`)
  .action(async (state: VaultState) => {
    await runningDaemon();
    keepSetting(stateDir, "vault", state, "bin/lab vault");
    console.log(`key vaults: ${vaultStates[state]}`);
  });
program
  .command("internet")
  .description("a shell or a command outside every network, where Azure's services have their names")
  .passThroughOptions()
  .option("--administrator", "where administrators are: on this host, with the names of the lab's Internet")
  .argument("[command...]", "command to run, after --")
  .action(async (command: string[], { administrator = false }: { administrator?: boolean }) => {
    await runningDaemon();
    const words = command.length > 0 ? command : [process.env.SHELL ?? "/bin/sh"];
    const [program = "", ...before] = administrator ? asAdministrator : ["ip", "netns", "exec", outside];
    const { bundleFile } = authority();
    // There the lab's authority is one of the known ones, as Let's Encrypt is elsewhere.
    const env = { ...process.env, CURL_CA_BUNDLE: bundleFile, SSL_CERT_FILE: bundleFile };
    process.exitCode = spawnSync(program, [...before, ...words], { stdio: "inherit", env }).status ?? 1;
  });
passingOn(program, "artifact", "as of bin/artifact: build examples/front --out front.tar.gz")
  .description("bin/artifact at the lab's Azure: build, publish and deploy applications")
  .action(async (args: string[]) => {
    const { artifact, artifactHelp } = await import("./artifact.ts");
    if (args.length === 0 || isHelp(args)) return artifactHelp(args);
    await runningDaemon();
    process.exitCode = await artifact(args);
  });
program
  .command("log")
  .description("what happened")
  .addArgument(
    new Argument(
      "<what>",
      "arm: every request to ARM and its answer; daemon: the daemon's own log; acme: orders at the certificate authority",
    ).choices(["arm", "daemon", "acme"]),
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
addLimitsCommand(program);
addInternetCommands(program);
program
  .command("down")
  .description("remove everything that the lab made on this machine, its stacks' state included")
  .action(async () => {
    await down();
    console.log("the lab is gone; its caches are kept");
  });

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
