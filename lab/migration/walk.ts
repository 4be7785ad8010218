/** The walk: each step forth, back and forth again, while it is used. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../chaos/clock.ts";
import { compress } from "../chaos/compress.ts";
import type { Report } from "../chaos/experiment.ts";
import type { Verdict } from "../chaos/goals.ts";
import type { Load, LoadPlan } from "../chaos/load.ts";
import { verdictText } from "../chaos/report.ts";
import { Lack, until } from "../polling.ts";
import { clientFailed } from "./clients.ts";
import { expectations, type Expectation } from "./expectations.ts";
import { addressOf, judge, tierShare, type Evidence, type Phase } from "./goals.ts";
import { rateOf, type MigrationRecord } from "./record.ts";
import {
  allStacks,
  oldTimeToLive,
  statesOf,
  timeToLive,
  type Check,
  type Stack,
  type State,
  type Step,
} from "./steps.ts";
import { loadPlan, type Clients, type Told } from "./traffic.ts";

/** What is done in the lab. Tests have another one. */
export interface Tools {
  clock: Clock;
  say(message: string): void;
  /** Has the world outside and the stack files be as a state says, and brings stacks up. */
  bring(before: State, after: State, ups: readonly Stack[]): Promise<void>;
  /** How it is with a check of a state; of `refused` the state that is refused. */
  check(check: Check, state: State, next?: State): Promise<Verdict>;
  /** Addresses of the old host, and of the reverse proxies of each stack that has one of its own. */
  addresses(): Promise<Evidence["addresses"]>;
  load(plan: LoadPlan, directory: string): Load;
  clients(expected: readonly Expectation[], told: Told, directory: string): Clients;
}

/** Seconds: how long a way is looked at once it has settled, and what a settled one needs after the last change. */
const looked = { steady: 15, settled: 3, servedByAll: 15 };
/** Seconds for which resolvers keep what the lab's registry says. */
const registryTimeToLive = 60;
/**
 * In which the last client leaves the old host: a resolver may keep a name's servers, and then its address, for 300 s
 * each.
 */
const silenceSeconds = 800;
/** For which no client may have gone to the old host. */
const silentSeconds = 30;
/** How long a client waits. */
const requestSeconds = 10;

export interface Walk {
  steps: readonly Step[];
  stacks: readonly Stack[];
  /** Names of the steps that are judged; the others are made only. */
  judged: readonly string[];
  record: MigrationRecord;
  tools: Tools;
  stop: AbortSignal;
  /**
   * The environments stand, somewhere between two states: a walk was broken off. Else they are as before the first step, and
   * what the record has is made once more, without load.
   */
  stands: boolean;
  /** Called once all services are reached, and run on the old host. */
  measure(): Promise<void>;
}

/** Makes the steps that the record does not have, and judges them. */
export async function walk(walk: Walk): Promise<void> {
  const { steps, stacks, judged, record, tools, stop } = walk;
  const states = statesOf(steps);
  let isBetween = walk.stands;
  for (const [index, step] of steps.entries()) {
    if (stop.aborted) return;
    const isMade = record.made.includes(step.name);
    if (isMade && walk.stands) continue;
    const before = states[index]!;
    const after = states[index + 1]!;
    tools.say(`${step.name}: ${step.title}`);
    const began = Date.now();
    try {
      if (isBetween) await tools.bring(after, before, wayBack(step) ?? step.ups);
      isBetween = false;
      if (index > 0 && !isMade && judged.includes(step.name)) {
        const place = join(record.directory, step.name);
        rmSync(place, { recursive: true, force: true });
        mkdirSync(place);
        const rate = rateOf(record.options, record.capacity);
        if (rate === undefined) throw new Error("the capacity is not known");
        const next = states.slice(index + 2).find((_, later) => steps[index + 1 + later]?.name.endsWith("-address"));
        const hasCertificates = index > steps.findIndex(({ checks }) => checks.includes("certificates"));
        const report = await play({ step, before, after, next, stacks, rate, hasCertificates, record, tools, place });
        for (const verdict of report.verdicts) tools.say(verdictText(verdict));
        record.add({ experiment: step.name, run: 1, report, seconds: (Date.now() - began) / 1000 });
        await compress(place);
      } else {
        if (step.waits === "time to live") await timesToLive(record, tools);
        await tools.bring(before, after, step.ups);
        if (index === 0) await walk.measure();
      }
      if (!isMade) record.make(step.name);
    } catch (error) {
      if (stop.aborted) return;
      const trouble = error instanceof Error ? error.message : String(error);
      tools.say(`NOT FINISHED  ${trouble}`);
      record.add({ experiment: step.name, run: 1, trouble });
      // What follows begins where this one ends.
      return;
    }
  }
}

/** Stacks that are brought up on the way back; undefined where there is none. */
export const wayBack = ({ back, ups }: Pick<Step, "back" | "ups">): readonly Stack[] | undefined =>
  typeof back === "string" ? undefined : (back ?? ups);

interface Playing {
  step: Step;
  before: State;
  after: State;
  /** The next state in which an address is switched. */
  next: State | undefined;
  stacks: readonly Stack[];
  rate: number;
  hasCertificates: boolean;
  record: MigrationRecord;
  tools: Tools;
  /** Where the histories are left. */
  place: string;
}

/** Makes a step, goes back and makes it again, under load, and judges that. */
async function play(playing: Playing): Promise<Report> {
  const { step, before, after, next, stacks, rate, hasCertificates, record, tools, place } = playing;
  const { clock } = tools;
  const [known, wanted] = [expectations(before, stacks), expectations(after, stacks)];
  const addresses = await tools.addresses();
  const told = Object.fromEntries(
    known.flatMap(({ host, entry }) => (addresses[entry] === undefined ? [] : [[host, addresses[entry]]])),
  );
  const clients = tools.clients(known, hasCertificates ? told : {}, place);
  try {
    if (step.waits === "time to live") await timesToLive(record, tools);
    if (step.waits === "silence") await silence(clients, addresses["old"], tools);
    const { seed } = record.options;
    const longestSeconds = 7200;
    const load = tools.load(loadPlan(told, { rate, longestSeconds, seed, timeoutSeconds: requestSeconds }), place);
    const phases: Phase[] = [];
    const verdicts: Verdict[] = [];
    const from = clock.nowMs();
    try {
      const settling = looked.settled + (isReaddressed(known, wanted, addresses) ? timeToLive + looked.servedByAll : 0);
      const way = async (name: Phase["name"], [here, there]: [State, State], ups: readonly Stack[]) => {
        const began = clock.nowMs();
        tools.say(name);
        await tools.bring(here, there, ups);
        await clock.sleep(settling);
        const settled = clock.nowMs();
        if (name === "forth") for (const check of step.checks) verdicts.push(await tools.check(check, after, next));
        await clock.sleep(looked.steady);
        const [old, now] = name === "back" ? [wanted, known] : [known, wanted];
        phases.push({ name, from: began, settled, to: clock.nowMs(), before: old, after: now });
      };
      await way("forth", [before, after], step.ups);
      const back = wayBack(step);
      if (back) {
        await way("back", [after, before], back);
        // The old time to live counts again.
        if (step.waits === "time to live") await timesToLive(record, tools);
        await way("forth again", [before, after], step.ups);
      }
    } finally {
      await load.stop();
    }
    const to = phases.at(-1)?.to ?? clock.nowMs();
    await clients.stop();
    const seen = { load: await load.records(), clients: clients.records(), hasBrowsers: hasCertificates };
    const evidence = { rate, from, to, ...seen, phases, addresses };
    writeFileSync(join(place, "phases.json"), `${JSON.stringify({ addresses, phases }, null, 2)}\n`);
    const ignoring = evidence.clients.filter(({ keeping }) => keeping === "ignores");
    const isOld = ({ address }: { address?: string }) => address !== undefined && address === addresses["old"];
    return {
      figures: {
        requests: evidence.load.length,
        "by a tier %": tierShare(evidence),
        clients: evidence.clients.length,
        "failed clients": evidence.clients.filter(clientFailed).length,
        // How many follow a resolver that ignores times to live to the old host.
        "left behind %": ignoring.length === 0 ? NaN : (100 * ignoring.filter(isOld).length) / ignoring.length,
      },
      verdicts: [...judge(evidence), ...verdicts],
    };
  } finally {
    await clients.stop();
  }
}

const isReaddressed = (
  known: readonly Expectation[],
  wanted: readonly Expectation[],
  addresses: Evidence["addresses"],
): boolean => known.some((one, index) => addressOf(one, addresses) !== addressOf(wanted[index] ?? one, addresses));

/** Waits until no resolver keeps what it was told before the old time to live was lowered, or the registry was changed. */
async function timesToLive({ moments }: MigrationRecord, tools: Tools): Promise<void> {
  const ready = Math.max(
    (moments.lowered ?? 0) + oldTimeToLive * 1000,
    (moments.registered ?? 0) + registryTimeToLive * 1000,
  );
  const seconds = (ready - tools.clock.nowMs()) / 1000;
  if (seconds <= 0) return;
  tools.say(
    `until ${new Date(ready).toISOString()} resolvers may keep what they were told before: ${Math.ceil(seconds)} s`,
  );
  await tools.clock.sleep(seconds + 1);
}

/** Waits until clients have left the old host, those of resolvers that ignore times to live, too. */
async function silence(clients: Clients, old: string | undefined, tools: Tools): Promise<void> {
  const { clock } = tools;
  tools.say("until no client goes to the old host");
  const from = clock.nowMs();
  const look = () => {
    const begin = clock.nowMs() - silentSeconds * 1000;
    if (begin < from) return new Lack("it has just begun");
    const its = clients.records().filter(({ began, keeping }) => keeping !== undefined && began >= begin);
    const late = its.filter(({ address }) => address === old);
    return its.length > 0 && late.length === 0 ? true : new Lack(`${late.length} of ${its.length} clients go there`);
  };
  await until("the old host is silent", look, { timeoutSeconds: silenceSeconds, intervalSeconds: 5, clock });
}

/** All stacks of a migration, in the order in which they are built. */
export const buildOrder = (all: boolean): readonly Stack[] => (all ? [...allStacks, "tools"] : ["dev"]);
