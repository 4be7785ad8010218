/** The experiment of a scenario: load, steady state, disturbance, wholeness, and what the history tells of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Lack, until } from "../polling.ts";
import { clientsPlan, idsOf } from "./clients.ts";
import type { Context, Experiment, Report } from "./experiment.ts";
import { between, failed, type RequestRecord } from "./history.ts";
import type { Load } from "./load.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import type { Scenario } from "./scenarios.ts";
import { wholeSince, type Machine } from "./sightings.ts";
import type { Tools } from "./tools.ts";
import { untilWhole, Watch } from "./watch.ts";
import { shortHash } from "../fabric/names.ts";

/** How long the load goes on: without a failure at first; after the disturbance at least; when all is whole again. */
const steadySeconds = 5;
const afterwardsSeconds = 20;
const calmSeconds = 5;
/**
 * Answers in that time at least, where the scenario needs no fewer: a machine behind one of Azure's load balancers that
 * came back gets requests when a connection to another one has ended, which one answer in a hundred does.
 */
const standardCalmAnswers = 5000;

/** How long a client waits: longer than the reverse proxy tries, as browsers do. */
const clientTimeoutSeconds = 45;

export function disturbed(scenario: Scenario): Experiment {
  const { name, title } = scenario;
  return { name, title, silent: scenario.silent !== undefined, run: (context) => runScenario(scenario, context) };
}

export async function runScenario(scenario: Scenario, context: Context): Promise<Report> {
  const { tools, rate, seed, run, wanted, recoverySeconds, directory } = context;
  const { clock } = tools;
  const { calmAnswers = standardCalmAnswers } = scenario;
  if (scenario.managed) {
    tools.say("bringing the inventory up to date");
    await tools.up();
  }
  const { final, goals } = scenario.silent?.(await tools.settings()) ?? { final: false, goals: [] };
  const watch = new Watch(() => tools.status(), clock);
  let load: Load | undefined;
  try {
    const status = await untilWhole(tools, wanted, recoverySeconds, "before anything is broken");
    await watch.start();
    const machine = chosen(
      status.machines.filter(({ tier }) => tier === scenario.tier),
      `${seed} ${scenario.name} ${run}`,
    );
    if (scenario.tier && !machine) throw new Error(`the stack has no machine of the kind ${scenario.tier}`);

    const ids = `${idsOf("c", clock.nowMs())}-${run}`;
    const { urls } = status;
    const plan = { urls, rate, longestSeconds: recoverySeconds + 1800, seed: seed + run, ids };
    load = tools.load(clientsPlan({ ...plan, timeoutSeconds: clientTimeoutSeconds }), directory);
    const steadyAt = await steadyState(tools, load, rate);
    const at = await scenario.disturb({ tools, machine });
    await clock.sleep(afterwardsSeconds);
    const disturbedUntil = clock.nowMs();
    // An environment that does not become whole misses a goal; its history is examined all the same.
    await untilWhole(tools, wanted, recoverySeconds, "again").catch((error: Error) => tools.say(error.message));
    await clock.sleep(Math.max(calmSeconds, calmAnswers / rate));
    await load.stop();
    await watch.stop();

    const outcome = outcomeOf({
      steadyAt,
      at,
      until: disturbedUntil,
      rate,
      records: await load.records(),
      sightings: watch.sightings,
      wanted,
      machine,
      final,
      kept: await tools.kept(ids),
    });
    writeFileSync(
      join(directory, "outcome.json"),
      `${JSON.stringify({ machine, at, wholeAt: wholeSince(watch.sightings, wanted), ...outcome }, null, 2)}\n`,
    );
    return { figures: figures(outcome), verdicts: [...scenario.goals, ...goals].map((goal) => goal(outcome)) };
  } finally {
    await load?.stop();
    await watch.stop();
    writeFileSync(join(directory, "sightings.json"), `${JSON.stringify(watch.sightings)}\n`);
  }
}

/** One of the machines: the same for the same words. */
export function chosen(machines: readonly Machine[], words: string): Machine | undefined {
  return machines[parseInt(shortHash(words), 16) % machines.length];
}

/** Waits until everything has gone well for some seconds at the rate that is wanted; returns when that began. */
async function steadyState(tools: Tools, load: Load, rate: number): Promise<number> {
  const { clock } = tools;
  const from = clock.nowMs();
  const look = async () => {
    // The generator writes what is a second old.
    const end = clock.nowMs() - 1500;
    const begin = end - steadySeconds * 1000;
    if (begin < from) return new Lack("it has just begun");
    const window = between(await load.records(), begin, end);
    const bad = window.filter(failed);
    if (window.length < 0.85 * rate * steadySeconds)
      return new Lack(`${window.length / steadySeconds} of ${rate} requests a second`);
    return bad.length === 0 ? begin : new Lack(`${bad.length} of ${window.length} failed: ${reason(bad[0])}`);
  };
  return until("the load is steady", look, { timeoutSeconds: 90, intervalSeconds: 1, clock });
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
    "serves again s": outcome.servesAgain ?? NaN,
    "whole s": outcome.whole ?? NaN,
    "p99 before ms": before.latency.p99,
    "p99 ms": after.latency.p99,
    "max ms": after.latency.max,
  };
}
