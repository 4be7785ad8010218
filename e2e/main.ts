/** `make azure-e2e`: the end-to-end test on Azure itself, for whoever has a subscription. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { settingsInFile } from "../environment/fromFile.ts";
import { checkSettings, stackFile } from "../environment/settings.ts";
import { root, run } from "./command.ts";
import { confirmed } from "./confirm.ts";
import { machinesBySize, planDollars } from "./cost.ts";
import { toVariables } from "./settings.ts";

interface Options {
  stack: string;
  subscription?: string;
  keep?: boolean;
  yes?: boolean;
}

const program = new Command("make azure-e2e")
  .description(
    "Builds a stack on Azure, asks it what the lab's end-to-end test asks, and destroys it. It takes one to two hours.\n" +
      "Before: az login, pulumi login, pulumi stack init, and the settings of docs/azure.md.",
  )
  .requiredOption("--stack <name>", "the stack to build; its file is Pulumi.<name>.yaml")
  .option("--subscription <id>", "subscription to work in; the one that az has selected unless told")
  .option("--keep", "leave what was made, also after a failure")
  .option("--yes", "do not ask before something is made");

/** The plan of a stack's file, and where its ARM is. Throws a StackError with every mistake in the file. */
function read(stack: string) {
  const file = stackFile(stack);
  const settings = settingsInFile(join(root, file), stack);
  const { planWith, cloud } = checkSettings(settings, join(root, "ansible"), root);
  // Clients of other clouds would need sign-in servers and audiences of their own.
  if (!("resourceManager" in cloud) || settings.provider("environment") !== undefined)
    throw new Error(
      `${file}: azure-native:environment: the test knows Azure's public cloud only, which needs no setting`,
    );
  const { plan } = planWith(new Map());
  if (!plan.reverseProxy.public)
    throw new Error(
      `${file}: platform:environment.reverseProxy: the test asks a stack from outside, which needs \`public: true\``,
    );
  return { plan, endpoint: cloud.resourceManager };
}

async function selectedSubscription(): Promise<string> {
  const asked = await run(["az", "account", "show", "--query", "id", "--output", "tsv"]);
  if (asked.status !== 0)
    throw new Error(`az account show ended with ${asked.status}; sign in: az login\n${asked.output}`);
  return asked.stdout.trim();
}

async function main({ stack, keep = false, yes, ...given }: Options): Promise<number> {
  if (!existsSync(join(root, stackFile(stack))))
    throw new Error(`--stack ${stack}: there is no ${stackFile(stack)}; copy one of the stack files`);
  const { plan, endpoint } = read(stack);
  if (plan.protect && !keep)
    throw new Error(`${stackFile(stack)} sets protect, so that destroy is refused; set it to false, or give --keep`);
  const subscription = given.subscription ?? (await selectedSubscription());
  const machines = Object.entries(machinesBySize(plan)).map(([size, number]) => `${number} × ${size}`);
  console.log(`Stack ${stack} in subscription ${subscription}: ${machines.join(", ")}.`);
  console.log(`It costs about $${planDollars(plan).toFixed(2)} an hour, and takes one to two hours.`);
  console.log(keep ? "What is made stays: pulumi destroy ends it." : "At the end all of it is destroyed.");
  if (!yes && !(await confirmed("Go on?"))) return 1;
  const { exitCode } = await execa("vitest", ["run", "--project", "azure"], {
    cwd: root,
    env: toVariables({ stack, subscription, endpoint, keep }),
    stdio: "inherit",
    reject: false,
  });
  return exitCode ?? 130;
}

program.parse();
try {
  process.exitCode = await main(program.opts<Options>());
} catch (error) {
  console.error(`make azure-e2e: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
