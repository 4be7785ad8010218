/** The experiment of a scenario: load, steady state, disturbance, wholeness, and what the history tells of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { shortHash } from "../fabric/host.ts";
import { Lack, until } from "./clock.ts";
import type { Context, Experiment, Report } from "./experiment.ts";
import { between, failed, type RequestRecord } from "./history.ts";
import type { Load } from "./load.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import type { Scenario } from "./scenarios.ts";
import { wholeSince, type Machine } from "./sightings.ts";
import type { Tools } from "./tools.ts";
import { untilWhole, Watch } from "./watch.ts";

/** Seconds of load: that must be without failure at first; after the disturbance at least; and when all is whole again. */
const steady = 5;
const afterwards = 20;
const calm = 5;

/** Seconds for which a client waits: longer than the reverse proxy tries, as browsers do. */
const patienceOfClients = 45;

export function disturbed(scenario: Scenario): Experiment {
  return { name: scenario.name, title: scenario.title, run: (context) => runScenario(scenario, context) };
}

export async function runScenario(scenario: Scenario, context: Context): Promise<Report> {
  const { tools, rate, seed, run, wanted, patience, directory } = context;
  const { clock } = tools;
  if (scenario.managed) {
    tools.say("bringing the inventory up to date");
    await tools.up();
  }
  const watch = new Watch(() => tools.status(), clock);
  let load: Load | undefined;
  try {
    const status = await untilWhole(tools, wanted, patience, "before anything is broken");
    await watch.start();
    const machine = chosen(
      status.machines.filter(({ tier }) => tier === scenario.tier),
      `${seed} ${scenario.name} ${run}`,
    );
    if (scenario.tier && !machine) throw new Error(`the stack has no machine of the kind ${scenario.tier}`);

    const ids = `c${Math.floor(clock.now() / 1000).toString(36)}-${run}`;
    const url = status.urls.find((one) => one.includes("//www.")) ?? status.urls[0];
    if (!url) throw new Error("the stack has no URL");
    load = tools.load(
      {
        namespace: "lab-outside",
        rate,
        longest: patience + 1800,
        seed: seed + run,
        ids,
        newConnections: true,
        timeout: patienceOfClients,
        targets: [`95 GET ${url}`, `5 POST ${url} {"text":"{{id}}"}`],
      },
      directory,
    );
    const steadyAt = await steadyState(tools, load, rate);
    const at = await scenario.disturb({ tools, machine });
    await clock.sleep(afterwards);
    const settledAt = clock.now();
    // That it is not is a verdict, which the sightings give. A history there is all the same.
    await untilWhole(tools, wanted, patience, "again").catch((error: Error) => tools.say(error.message));
    await clock.sleep(calm);
    await load.stop();
    await watch.stop();

    const outcome = outcomeOf({
      steadyAt,
      at,
      until: settledAt,
      rate,
      records: await load.records(),
      sightings: watch.sightings,
      wanted,
      machine,
      final: scenario.final ?? false,
      kept: await tools.kept(ids),
    });
    writeFileSync(
      join(directory, "outcome.json"),
      `${JSON.stringify({ machine, at, wholeAt: wholeSince(watch.sightings, wanted), ...outcome }, null, 2)}\n`,
    );
    return { figures: figures(outcome), verdicts: scenario.goals.map((goal) => goal(outcome)) };
  } finally {
    await load?.stop();
    await watch.stop();
    writeFileSync(join(directory, "sightings.json"), `${JSON.stringify(watch.sightings)}\n`);
  }
}

/** The same for the same words. */
function chosen(machines: readonly Machine[], words: string): Machine | undefined {
  return machines[parseInt(shortHash(words), 16) % machines.length];
}

/** Waits until everything has gone well for some seconds at the rate that is wanted; returns when that began. */
async function steadyState(tools: Tools, load: Load, rate: number): Promise<number> {
  const { clock } = tools;
  const from = clock.now();
  return until(clock, "the load is steady", 90, async () => {
    // The generator writes what is a second old.
    const end = clock.now() - 1500;
    const begin = end - steady * 1000;
    if (begin < from) return new Lack("it has just begun");
    const window = between(await load.records(), begin, end);
    const bad = window.filter(failed);
    if (window.length < 0.85 * rate * steady) return new Lack(`${window.length / steady} of ${rate} requests a second`);
    return bad.length === 0 ? begin : new Lack(`${bad.length} of ${window.length} failed: ${reason(bad[0])}`);
  });
}

function reason(record: RequestRecord | undefined): string {
  return record ? `${record.method} ${record.status} ${record.error ?? record.text ?? ""}` : "";
}

function figures(outcome: Outcome): Record<string, number> {
  const { after, before, writes } = outcome;
  return {
    requests: after.count,
    "failed reads": after.failed.idempotent,
    "failed writes": after.failed.other,
    missing: writes.missing.length,
    twice: writes.twice.length,
    "ejected s": outcome.ejected,
    "outage s": after.outage,
    "replaced s": outcome.replaced ?? NaN,
    "whole s": outcome.whole ?? NaN,
    "p99 before ms": before.latency.p99,
    "p99 ms": after.latency.p99,
    "max ms": after.latency.max,
  };
}
