/** `bin/lab limits`: what the lab's subscription may have, and its identity may do. */
import { Option, type Command } from "commander";
import type { LimitReport } from "../arm/index.ts";
import { readLimitChange, type LimitChange } from "../arm/limitChange.ts";
import { ask, ensureDaemon, runningDaemon } from "./daemon.ts";
import { table } from "./table.ts";

interface Options {
  cores?: string[];
  newSubscription?: true;
  restrict?: string[];
  allow?: string[];
  register?: string[];
  unregister?: string[];
  deny?: string[];
  permit?: string[];
  reset?: true;
  json?: true;
}

export function addLimitsCommand(program: Command): void {
  program
    .command("limits")
    .description("show and set what the subscription may have: cores, sizes, providers, rights")
    .addOption(new Option("--cores <limit...>", "REGION=CORES or REGION/FAMILY=CORES; * is every region"))
    .option("--new-subscription", "as many cores in each region as a new pay-as-you-go subscription has, and no more")
    .addOption(new Option("--restrict <size...>", "[REGION/]SIZE[=ZONES]: not to be had at all, or not in these zones"))
    .addOption(new Option("--allow <size...>", "[REGION/]SIZE: ends a restriction"))
    .addOption(new Option("--register <name...>", "a resource provider, or a feature"))
    .addOption(new Option("--unregister <name...>", "a resource provider, or a feature"))
    .addOption(new Option("--deny <action...>", "what the identity may not do; * stands for anything"))
    .addOption(new Option("--permit <action...>", "ends a --deny of the same action"))
    .option("--reset", "back to what holds before anything is set; other options are set after it")
    .option("--json", "for programs")
    .addHelpText("after", examples)
    .action(async ({ json, ...options }: Options) => {
      const change = changeOf(options);
      if (change) await ensureDaemon();
      else await runningDaemon();
      const answer = await ask("/limits", change);
      if (answer === undefined) throw new Error("the lab's daemon does not answer; see: bin/lab log daemon");
      const report = JSON.parse(answer) as LimitReport;
      process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : describeLimits(report));
    });
}

const examples = `
Kept while the lab exists; a running stack stays as it is, and its next request is held against them.
Examples:
  bin/lab limits --new-subscription
  bin/lab limits --cores westeurope=20 westeurope/standardBsv2Family=10
  bin/lab limits --restrict Standard_B2als_v2=3 westeurope/Standard_D2s_v5
  bin/lab limits --allow Standard_B2s
  bin/lab limits --unregister Microsoft.Network --register Microsoft.Compute/EncryptionAtHost
  bin/lab limits --deny Microsoft.Compute/virtualMachineScaleSets/write
  bin/lab limits --reset`;

/** Undefined without options. Throws with everything that is wrong, and what is allowed. */
export function changeOf(options: Omit<Options, "json">): LimitChange | undefined {
  if (Object.keys(options).length === 0) return undefined;
  const { cores, restrict, allow, ...rest } = options;
  const change = {
    ...rest,
    ...(cores && { cores: cores.map(coresOf) }),
    ...(restrict && { restrict: restrict.map(restrictionOf) }),
    ...(allow && { allow: allow.map(restrictionOf) }),
  };
  readLimitChange(change);
  return change;
}

function coresOf(given: string): { region: string; family?: string; limit: number } {
  const [, region, family, limit] = /^([^/=]+)(?:\/([^/=]+))?=(\d+)$/.exec(given) ?? [];
  if (region === undefined)
    throw new Error(`--cores ${given}: allowed are REGION=CORES and REGION/FAMILY=CORES, as in westeurope=20`);
  return { region, ...(family !== undefined && { family }), limit: Number(limit) };
}

function restrictionOf(given: string): { region: string; size: string; zones?: ("1" | "2" | "3")[] } {
  const [, region = "*", size, zones] = /^(?:([^/=]+)\/)?([^/=]+)(?:=([^=]+))?$/.exec(given) ?? [];
  if (size === undefined)
    throw new Error(`size ${given}: allowed is [REGION/]SIZE[=ZONES], as in westeurope/Standard_B2als_v2=2,3`);
  return { region, size, ...(zones !== undefined && { zones: zones.split(",") as ("1" | "2" | "3")[] }) };
}

const place = (region: string): string => (region === "*" ? "every region" : region);

export function describeLimits({ limits, usages }: LimitReport): string {
  const list = (all: readonly string[]): string => (all.length === 0 ? "none" : all.join(", "));
  return [
    table(
      ["region", "family", "cores used", "limit"],
      usages.map(({ region, family, used, limit }) => [
        place(region),
        family ?? "all",
        used?.toString() ?? "",
        `${limit}`,
      ]),
    ),
    "",
    limits.restrictions.length === 0
      ? "restricted sizes: none"
      : table(
          ["restricted size", "region", "zones"],
          limits.restrictions.map(({ size, region, zones }) => [size, place(region), zones?.join(", ") ?? "all"]),
        ),
    "",
    `not registered: ${list(limits.unregistered)}`,
    `denied: ${list(limits.denied)}`,
    "",
  ].join("\n");
}
