/** `bin/deployment`: the locks and the records of an application's deployments. Capistrano runs it. */
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { ContainerClient } from "@azure/storage-blob";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { storeOf, type Where } from "../artifacts/account.ts";
import { breakLock, hold, holder, Locked, type Owner } from "./lock.ts";
import type { Place, Tier } from "./place.ts";
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
  .description("The locks and the records of an application's deployments, for Capistrano: docs/deployment.md")
  .showHelpAfterError("(bin/deployment --help tells more)")
  .exitOverride();

/** A command on an application of a stack. */
const of = (name: string, description: string) =>
  program
    .command(name)
    .description(description)
    .copyInheritedSettings(program)
    .requiredOption("--stack <stack>", "whose file Pulumi.<stack>.yaml stands in this folder, or in PLATFORM_PROJECT")
    .requiredOption("--name <application>", "as in the stack file");

interface Opened {
  container: ContainerClient;
  place: Place;
  /** On whose machines the application runs; in the order in which their locks are taken, the same for all. */
  tiers: Tier[];
}

async function open(where: Where): Promise<Opened> {
  const { environment, tiers, container } = await storeOf(where);
  const names = Object.keys(tiers).filter((tier) => tiers[tier]?.includes(where.name));
  return {
    container,
    place: { environment, application: where.name },
    tiers: names.sort().map((tier) => ({ environment, tier })),
  };
}

/** What is found of the first tier of which anything is. */
async function first<T>(tiers: readonly Tier[], find: (tier: Tier) => Promise<T | undefined>): Promise<T | undefined> {
  const found = await Promise.all(tiers.map(find));
  return found.find((one) => one !== undefined);
}

of(
  "lock",
  "hold the locks of the application's tiers until the input ends; prints `held`, and for each line of the input `held <line>` once all are renewed. Exit status 3: somebody has one",
)
  .requiredOption("--owner <json>", "who deploys: by, at, pipeline", json)
  .action(async ({ owner, ...where }: Where & { owner: Omit<Owner, "application"> }) => {
    const { container, place, tiers } = await open(where);
    const begun = async (renew: () => Promise<boolean>) => {
      console.log("held");
      for await (const line of createInterface({ input: process.stdin }))
        if (await renew()) console.log(`held ${line}`);
    };
    const end = await hold(container, tiers, { application: place.application, ...owner }, begun);
    if (end === "released") return;
    console.error(`the lock for ${place.application} was taken away, or the store did not answer`);
    // The input is still open.
    process.exit(failed);
  });
of("owner", "who has the lock of one of the application's tiers, as JSON; nothing where nobody has").action(
  async (where: Where) => {
    const { container, tiers } = await open(where);
    print(await first(tiers, (tier) => holder(container, tier)));
  },
);
of("unlock", "take the locks of the application's tiers from the one that has them, who is printed as JSON").action(
  async (where: Where) => {
    const { container, tiers } = await open(where);
    print(await first(tiers, (tier) => breakLock(container, tier)));
  },
);
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
