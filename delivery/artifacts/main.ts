/** `bin/artifact`: builds an application once, keeps it, and says which release of it is deployed. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { z } from "zod";
import { storeOf, type Where } from "./account.ts";
import { build, identityOf } from "./build.ts";
import { applicationName, releaseName, sha256Hash } from "./release.ts";
import { deployed, find, move, publish, type Move } from "./store.ts";

/** What a wrong use ends with. */
const wrongUse = 2;

const checked = (schema: z.ZodType<string>) => (given: string) => {
  const found = schema.safeParse(given);
  if (!found.success) throw new InvalidArgumentError(`allowed is ${found.error.issues[0]?.message ?? ""}`);
  return found.data;
};
const application = () =>
  new Option("--name <application>", "as in the stack file").argParser(checked(applicationName)).makeOptionMandatory();
const release = () =>
  new Option("--release <release>", "a published one").argParser(checked(releaseName)).makeOptionMandatory();
const stack = () =>
  new Option(
    "--stack <stack>",
    "whose file Pulumi.<stack>.yaml stands in this folder, or in PLATFORM_PROJECT",
  ).makeOptionMandatory();
const print = (found: unknown) => console.log(JSON.stringify(found ?? null, null, 2));

const program = new Command("bin/artifact")
  .description(
    "Builds an application once, keeps it in the container of an environment, and says which release is deployed.\n" +
      "Prints JSON. Exit status: 0 fine, 1 refused or failed, 2 wrong use. Login: as the azure-native provider's (ARM_*).",
  )
  .showHelpAfterError("(bin/artifact --help tells more)")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : wrongUse));
program
  .command("build")
  .description(
    "an archive of a folder and the dependencies that its lock file names; run it on the machines' system, Debian 13, " +
      "with their Node.js",
  )
  .argument("<folder>", "with package-lock.json, or requirements.txt with exact versions, or both")
  .requiredOption("--out <file>", "the archive, for example front.tar.gz")
  .option("--revision <commit>", "of the folder's repository; default: HEAD")
  .action(async (directory: string, { out, revision }: { out: string; revision?: string }) =>
    print(await build({ directory, out, ...(revision === undefined ? {} : { revision }) })),
  );
program
  .command("publish")
  .description("put an archive where the machines of a stack find it; a release is never overwritten")
  .argument("<file>", "what `bin/artifact build` wrote")
  .addOption(stack())
  .addOption(application())
  .action(async (file: string, where: Where) => {
    const identity = await identityOf(file);
    const { container } = await storeOf(where);
    print(await publish(container, where.name, file, identity));
  });
program
  .command("find")
  .description("a published release, with its SHA-256; null where there is none")
  .addOption(stack())
  .addOption(application())
  .addOption(release())
  .action(async (given: Where & { release: string }) => {
    const { container } = await storeOf(given);
    print(await find(container, given.name, given.release));
  });
program
  .command("deployed")
  .description("which release is deployed; null where none is")
  .addOption(stack())
  .addOption(application())
  .action(async (where: Where) => {
    const { container, environment } = await storeOf(where);
    print(await deployed(container, environment, where.name));
  });
program
  .command("move")
  .description("say that a release is deployed; machines that are born take it from then on")
  .addOption(stack())
  .addOption(application())
  .addOption(release())
  .requiredOption("--by <who>", "the person or the pipeline that deploys")
  .option("--pipeline <url>", "address of the pipeline")
  .option("--from <release>", "refuse unless this one is deployed now; none for none")
  .addOption(
    new Option("--sha256 <hash>", "refuse unless the release is published with this one").argParser(
      checked(sha256Hash),
    ),
  )
  .action(async ({ name, stack, ...given }: Where & Omit<Move, "environment" | "application" | "at">) => {
    const { container, environment } = await storeOf({ name, stack });
    print(await move(container, { ...given, environment, application: name, at: new Date() }));
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`bin/artifact: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
