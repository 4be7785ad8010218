/** `bin/deployment`: the lock and the records of an application's deployments. Capistrano runs it. */
import { text } from "node:stream/consumers";
import type { ContainerClient } from "@azure/storage-blob";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { containerOf, stackStore } from "../artifacts/account.ts";
import { breakLock, hold, holder, Locked, type Owner } from "./lock.ts";
import type { Place } from "./place.ts";
import { latest, write, type DeploymentRecord } from "./records.ts";

/** Exit codes besides 0. */
const failed = 1;
const wrongUse = 2;
const locked = 3;

const json = (given: string): unknown => {
  try {
    return JSON.parse(given);
  } catch {
    throw new InvalidArgumentError("it must be JSON");
  }
};

const count = (given: string): number => {
  if (!/^[1-9]\d*$/.test(given)) throw new InvalidArgumentError("it must be a number above 0");
  return Number(given);
};

/** Nothing at all where there is nothing. */
const print = (value: unknown) => {
  if (value !== undefined) console.log(JSON.stringify(value));
};

const program = new Command("bin/deployment")
  .description("The lock and the records of an application's deployments, for Capistrano: docs/deployment.md")
  .showHelpAfterError("(bin/deployment --help tells more)")
  .exitOverride();

interface Where {
  stack: string;
  name: string;
}

/** A command on an application of a stack. */
const of = (name: string, description: string) =>
  program
    .command(name)
    .description(description)
    .copyInheritedSettings(program)
    .requiredOption("--stack <stack>", "whose file Pulumi.<stack>.yaml stands in this folder, or in PLATFORM_PROJECT")
    .requiredOption("--name <application>", "as in the stack file");

async function open({ stack, name }: Where): Promise<{ container: ContainerClient; place: Place }> {
  const found = await stackStore(process.env["PLATFORM_PROJECT"] ?? process.cwd(), stack);
  return { container: await containerOf(found), place: { environment: found.environment, application: name } };
}

of("lock", "hold the lock until the input ends; prints `held`. Exit status 3: somebody has it")
  .requiredOption("--owner <json>", "who deploys: by, at, pipeline", json)
  .action(async ({ owner, ...where }: Where & { owner: Owner }) => {
    const { container, place } = await open(where);
    const end = await hold(container, place, owner, () => {
      console.log("held");
      return text(process.stdin);
    });
    if (end === "released") return;
    console.error(`the lock of ${place.application} was taken away, or the store did not answer`);
    // The input is still open.
    process.exit(failed);
  });
of("owner", "who has the lock, as JSON; nothing where nobody has").action(async (where: Where) => {
  const { container, place } = await open(where);
  print(await holder(container, place));
});
of("unlock", "take the lock from the one that has it, who is printed as JSON").action(async (where: Where) => {
  const { container, place } = await open(where);
  print(await breakLock(container, place));
});
of("record", "keep the record that the input has").action(async (where: Where) => {
  const { container, place } = await open(where);
  await write(container, place, JSON.parse(await text(process.stdin)) as DeploymentRecord);
});
of("records", "the latest records as JSON, newest first")
  .option("--last <n>", "how many", count, 10)
  .action(async ({ last, ...where }: Where & { last: number }) => {
    const { container, place } = await open(where);
    print(await latest(container, place, last));
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : wrongUse;
  else {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = error instanceof Locked ? locked : failed;
  }
}
