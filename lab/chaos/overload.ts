/** More is asked of an environment than it can do, also while one of its machines is lost or configures itself. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientsPlan, idsOf } from "./clients.ts";
import { breaking } from "./disturbances.ts";
import { chosen } from "./disturbed.ts";
import type { Context, Experiment, Report } from "./experiment.ts";
import { faults, type Fault, type FaultName } from "./faults.ts";
import type { RequestRecord } from "./history.ts";
import type { Load, LoadPlan } from "./load.ts";
import { judge, type Phase } from "./overloadGoals.ts";
import { stepTimeoutSeconds, untilCalm } from "./step.ts";
import type { Tools } from "./tools.ts";
import { untilWhole, Watch } from "./watch.ts";

export interface Overload {
  name: string;
  title: string;
  /** The excess: so many times the capacity, for so many seconds. */
  factor: number;
  seconds: number;
  /** Clients keep their connections in the excess: where the handshakes would cost this host more than the requests. */
  keptConnections?: boolean;
  /** A machine that is broken so many seconds after the excess began, or before. */
  broken?: { tier: string; fault: FaultName; after: number };
}

/** Before the excess and after it: share of the capacity, and for how many seconds. */
const normal = { share: 0.6, before: 20, after: 40 };
/** Before all that, what shows the best that can be served in these minutes: no host is equally quick all day. */
const fullLoad = { share: 1.2, seconds: 30 };

const broken = (tier: string, fault: FaultName, title: string): Overload => ({
  name: `overload-2-${tier}-${fault}`,
  title: `twice the capacity is asked for while ${title}`,
  factor: 2,
  seconds: 60,
  broken: { tier, fault, after: 20 },
});

const all: Overload[] = [
  { name: "overload-2", title: "twice the capacity is asked for, for a minute", factor: 2, seconds: 60 },
  {
    name: "overload-4",
    title: "four times the capacity is asked for, for a minute",
    factor: 4,
    seconds: 60,
    keptConnections: true,
  },
  broken("back", "power", "the host of one back machine is lost"),
  broken("back", "process", "the service of one back machine is killed"),
  broken("back-balancer", "power", "the host of one balancer is lost"),
  broken("reverse-proxy", "power", "the host of one reverse proxy is lost"),
  {
    name: "overload-2-repair",
    title: "twice the capacity is asked for while a back machine takes another's place",
    factor: 2,
    seconds: 90,
    broken: { tier: "back", fault: "disk", after: -15 },
  },
];

export const overloads: Experiment[] = all.map((overload) => {
  const fault: Fault | undefined = overload.broken && faults[overload.broken.fault];
  return {
    name: overload.name,
    title: overload.title,
    needsCapacity: true,
    // A lost disk does not come back: it is repaired under either reading, see below.
    silent: fault?.silent && overload.broken?.fault !== "disk",
    run: (context) => runOverload(overload, context),
  };
});

async function runOverload(overload: Overload, context: Context): Promise<Report> {
  const { tools } = context;
  const { missingHealth } = await tools.settings();
  if (overload.broken?.fault !== "disk" || missingHealth === "repaired") return overloaded(overload, context);
  tools.readMissingHealth("repaired");
  try {
    return await overloaded(overload, context);
  } finally {
    tools.readMissingHealth(missingHealth);
  }
}

async function overloaded(overload: Overload, context: Context): Promise<Report> {
  const { name, factor, seconds, keptConnections, broken } = overload;
  const { tools, capacity, wanted, seed, run, recoverySeconds, directory } = context;
  const { clock } = tools;
  if (!capacity) throw new Error("the capacity is not known: an overload is so many times the capacity");
  const status = await untilWhole(tools, wanted, recoverySeconds, "before it is overloaded");
  const machine = chosen(
    status.machines.filter(({ tier }) => tier === broken?.tier),
    `${seed} ${name} ${run}`,
  );
  if (broken && !machine) throw new Error(`the stack has no machine of the kind ${broken.tier}`);
  await untilCalm({ tools, wanted, seed, directory }, recoverySeconds);

  const watch = new Watch(() => tools.status(), clock);
  try {
    await watch.start();
    const ids = `${idsOf("o", clock.nowMs())}-${run}`;
    // All that is before the fault is before.
    const early = Math.max(0, -(broken?.after ?? 0));
    const rate = Math.round(normal.share * capacity.rate);
    const plan = { urls: status.urls, seed: seed + run, timeoutSeconds: stepTimeoutSeconds };
    const loads = [
      { name: "full", rate: Math.round(fullLoad.share * capacity.rate), longestSeconds: fullLoad.seconds },
      { name: "before", rate, longestSeconds: normal.before + early },
      {
        name: "excess",
        rate: Math.round(factor * capacity.rate),
        longestSeconds: seconds,
        newConnections: !keptConnections,
      },
      { name: "after", rate, longestSeconds: normal.after },
    ].map(({ name, ...load }) => ({ name, plan: clientsPlan({ ...plan, ...load, ids: `${ids}-${name}` }) }));
    const [offered, fault] = await bothOf(
      inSequence(tools, loads, directory),
      broken &&
        clock
          .sleep(fullLoad.seconds + normal.before + early + broken.after)
          .then(() => breaking([broken.fault], seconds - broken.after)({ tools, machine })),
    );
    // An environment that does not become whole misses a goal; its history is examined all the same.
    await untilWhole(tools, wanted, recoverySeconds, "again").catch((error: Error) => tools.say(error.message));
    await watch.stop();

    const { records, phases } = offered;
    const [full, before, excess, after] = phases as [Phase, Phase, Phase, Phase];
    const { sightings } = watch;
    const report = judge({
      capacity: capacity.rate,
      full,
      before: { ...before, to: Math.min(before.to, fault ?? Infinity) },
      excess,
      after,
      records,
      sightings,
      wanted,
      kept: await tools.kept(ids),
      broken: machine && fault !== undefined ? { machine, at: fault } : undefined,
    });
    const told = { machine, fault, phases, capacity, figures: report.figures };
    writeFileSync(join(directory, "outcome.json"), `${JSON.stringify(told, null, 2)}\n`);
    return report;
  } finally {
    await watch.stop();
    writeFileSync(join(directory, "sightings.json"), `${JSON.stringify(watch.sightings)}\n`);
  }
}

/** Loads one after the other: each ends by itself, the next begins at that instant, and all are waited for at the end. */
async function inSequence(
  tools: Tools,
  planned: readonly { name: string; plan: LoadPlan }[],
  directory: string,
): Promise<{ phases: Phase[]; records: RequestRecord[] }> {
  const { clock } = tools;
  const loads: Load[] = [];
  const phases: Phase[] = [];
  try {
    for (const { name, plan } of planned) {
      const place = join(directory, name);
      mkdirSync(place, { recursive: true });
      const from = clock.nowMs();
      loads.push(tools.load(plan, place));
      tools.say(`${name}: ${plan.rate} requests a second for ${plan.longestSeconds} s`);
      await clock.sleep(plan.longestSeconds);
      phases.push({ rate: plan.rate, from, to: clock.nowMs() });
    }
    // It was started a moment after its phase began.
    await clock.sleep(0.5);
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
  }
  const histories = await Promise.all(loads.map((load) => load.records()));
  return { phases, records: histories.flat().sort((a, b) => a.planned - b.planned) };
}

/** Waits for both to end, also where one fails: what is broken is mended before anything is told. */
async function bothOf<A, B>(one: Promise<A>, other: Promise<B> | undefined): Promise<[A, B | undefined]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}
