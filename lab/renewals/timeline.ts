/** The days of the plan: services go and come back, proxies are replaced and wiped, and clients connect meanwhile. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { outsideClients } from "../chaos/clients.ts";
import { failed, type RequestRecord } from "../chaos/history.ts";
import type { LoadPlan } from "../chaos/load.ts";
import { holds } from "../polling.ts";
import { Days, daySeconds, refreshSeconds } from "./days.ts";
import { ageOn, dayToGoOn, type Event, type Plan } from "./plan.ts";
import type { Certificates, End, RenewalsRecord, Stretch, Wiped } from "./record.ts";
import { replace } from "./replacement.ts";
import { chosen, type Tools } from "./tools.ts";

/** How long wiped files are waited for, where the vault is there. */
const wipedSeconds = 60;
const wipeAttempts = 3;
/** From an order until the vault has what came of it. */
const orderSeconds = 60;
/** The last works may end so long after the last day. */
const marginSeconds = 1800;
const timeoutSeconds = 10;
/** Days between two looks at what clients got. */
const accountDays = 5;
const mostFailuresTold = 50;

/**
 * Plays what the record does not have, and keeps what is seen as it goes. Certificates get the age first that they have on
 * the day with which it begins.
 *
 * @param authorities File with the authorities that clients believe.
 */
export async function play(plan: Plan, record: RenewalsRecord, tools: Tools, authorities: string): Promise<void> {
  const { clock } = tools;
  const from = dayToGoOn(plan, record.reached);
  const first = from - Math.max(...plan.hosts.map((host) => ageOn(plan, host, from)));
  tools.say(`every host gets a certificate; this is day ${first}`);
  // Behind the moment: the vault's seconds are whole.
  const since = clock.nowMs() - 1000;
  for (const host of plan.hosts) await tools.reissue(host);
  const days = new Days(clock, first);

  const directory = join(record.directory, `from-${from}`);
  // Of one that was broken off.
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const hosts = plan.hosts.map((host) => ({ host, given: 1, ordered: 0 }));
  const stretch: Stretch = { from, first, to: first, requests: 0, failed: 0, failures: [], hosts, away: [] };
  record.begin(stretch);
  const seconds = (plan.days - first) * daySeconds + marginSeconds;
  const load = tools.load(clientsPlan(plan.hosts, record, seconds, authorities), directory);
  const account = async () => {
    Object.assign(stretch, outcome(await load.records()));
    stretch.to = days.now();
    for (const one of stretch.hosts) one.ordered = tools.ordered(one.host, since);
    record.keep();
  };

  let isOver = false;
  const accounts = async () => {
    for (;;) {
      await days.until(days.now() + accountDays);
      if (isOver) return;
      await account();
    }
  };
  const works = async () => {
    // While the vault has no certificate of a host, a proxy without files serves one that nobody trusts.
    const reissued = each(reissues(plan, stretch, tools), days);
    const then = async (done: readonly Work[]) => {
      await reissued;
      await each(done, days);
    };
    await Promise.all([
      days.until(plan.days),
      each(awayAndBack(plan, first, stretch, tools), days),
      reissued,
      then(replacements(plan, from, record, tools, days)),
      then(wipes(plan, from, record, tools, days)),
    ]);
  };
  try {
    // The second one fails where the load generator has ended.
    await Promise.race([works(), accounts()]);
  } finally {
    isOver = true;
    await load.stop();
    await account();
  }
  for (const one of stretch.hosts) await counted(one, since, tools);
  record.finish(await ends(plan, tools));
}

/** Counts what was ordered and what the vault has of it, once no order is under way. */
async function counted(one: Certificates, since: number, tools: Tools): Promise<void> {
  const agree = async () => {
    one.ordered = tools.ordered(one.host, since);
    one.written = await tools.written(one.host, since);
    return one.ordered === one.written;
  };
  await holds(agree, { timeoutSeconds: orderSeconds, intervalSeconds: 2, clock: tools.clock });
}

/** What all proxies have; a renewal that has just come reaches them within a refresh. */
async function ends({ hosts }: Plan, tools: Tools): Promise<End[]> {
  const look = async () => {
    const { inRotation } = await tools.proxies();
    const found = await Promise.all(
      hosts.map(async (host) => {
        const wanted = await tools.serial(host);
        return Promise.all(
          inRotation.map(async (proxy) => ({ proxy: proxy.name, wanted, ...(await tools.served(proxy, host)) })),
        );
      }),
    );
    return found.flat();
  };
  let found = await look();
  const agree = async () => (found = await look()).every(({ serial, wanted }) => serial === wanted);
  await holds(agree, { timeoutSeconds: 3 * refreshSeconds, intervalSeconds: 2, clock: tools.clock });
  return found;
}

/** Something that is done on a day. */
interface Work {
  day: number;
  run: () => Promise<void> | void;
}

/** One after the other: what comes late is not left out. */
async function each(works: readonly Work[], days: Days): Promise<void> {
  for (const { day, run } of works) {
    await days.until(day);
    await run();
  }
}

function awayAndBack({ away }: Plan, first: number, stretch: Stretch, tools: Tools): Work[] {
  const change = (service: (typeof away)[number]["service"], isAway: boolean, day: number): Work => ({
    day,
    async run() {
      const wasAway = !isAway && (await tools.isAway(service));
      tools.say(`day ${day}: the ${service} is ${isAway ? "away" : "back"}`);
      tools.set(service, isAway);
      if (wasAway) stretch.away.push(service);
    },
  });
  return away
    .filter(({ to }) => to > first)
    .flatMap(({ service, from, to }) => [change(service, true, from), change(service, false, to)]);
}

/** Certificates that are younger on the first day that counts than what all got before. */
function reissues(plan: Plan, { first, from, hosts }: Stretch, tools: Tools): Work[] {
  return plan.hosts
    .map((host) => ({ host, day: from - ageOn(plan, host, from) }))
    .filter(({ day }) => day > first)
    .sort((one, other) => one.day - other.day)
    .map(({ host, day }) => ({
      day,
      async run() {
        tools.say(`day ${day}: ${host} gets a certificate`);
        for (const one of hosts) if (one.host === host) one.given += 1;
        await tools.reissue(host);
      },
    }));
}

const left = (events: readonly Event[], done: readonly { number: number }[], from: number): Event[] =>
  events
    .filter(({ number }) => !done.some((one) => one.number === number))
    .map((event) => ({ ...event, day: Math.max(from, event.day) }));

function replacements(plan: Plan, from: number, record: RenewalsRecord, tools: Tools, days: Days): Work[] {
  return left(plan.replacements, record.replacements, from).map((event) => ({
    day: event.day,
    async run() {
      const { number } = event;
      const day = days.now();
      try {
        const done = await replace(plan, event, tools, days);
        const wrong = done.served.filter(({ trouble }) => trouble !== undefined);
        tools.say(
          `day ${day.toFixed(1)}: replacement ${number}: ${done.machine} for ${done.removed}, in rotation after ` +
            `${done.seconds.toFixed(0)} s${wrong.map(({ host, trouble }) => `; ${host}: ${trouble}`).join("")}`,
        );
        record.add("replacements", { number, day, ...done });
      } catch (error) {
        const trouble = error instanceof Error ? error.message : String(error);
        tools.say(`day ${day.toFixed(1)}: replacement ${number} NOT FINISHED  ${trouble}`);
        record.add("replacements", { number, day, trouble });
        await tools.settle();
        await tools.clock.sleep(0);
      }
    },
  }));
}

function wipes(plan: Plan, from: number, record: RenewalsRecord, tools: Tools, days: Days): Work[] {
  return left(plan.wipes, record.wipes, from).map((event) => ({
    day: event.day,
    async run() {
      const { number } = event;
      const day = days.now();
      for (let attempt = 1; ; attempt++)
        try {
          const done = await wipe(plan, event, tools, days);
          const after =
            done.seconds === undefined ? "not there again" : `there again after ${done.seconds.toFixed(1)} s`;
          const text = done.vaultWasAway ? "the vault is away" : after;
          tools.say(`day ${day.toFixed(1)}: wipe ${number}: ${done.machine}; ${text}`);
          return record.add("wipes", { number, day, ...done });
        } catch (error) {
          await tools.clock.sleep(0);
          const trouble = error instanceof Error ? error.message : String(error);
          tools.say(`day ${day.toFixed(1)}: wipe ${number} NOT FINISHED  ${trouble}`);
          // The machine, or the proxy by which SSH leads to it, may have been replaced meanwhile.
          if (attempt === wipeAttempts) return record.add("wipes", { number, day, trouble });
        }
    },
  }));
}

async function wipe({ away, hosts }: Plan, { choice }: Event, tools: Tools, days: Days): Promise<Wiped> {
  const isAway = () =>
    away.some(({ service, from, to }) => service === "vault" && from <= days.now() && days.now() < to);
  const proxy = chosen((await tools.proxies()).inRotation, choice);
  const wasAway = isAway();
  const seconds = await tools.wipe(proxy, hosts, wasAway ? 0 : wipedSeconds);
  return { machine: proxy.name, seconds, vaultWasAway: wasAway || isAway() };
}

/** A connection and a handshake for each request, for each host as often. */
function clientsPlan(
  hosts: readonly string[],
  { options: { seed, rate } }: RenewalsRecord,
  seconds: number,
  authorities: string,
): LoadPlan {
  const targets = hosts.map((host) => `1 GET https://${host}/`);
  return {
    ...outsideClients,
    targets,
    rate,
    seed,
    ids: "renewals",
    timeoutSeconds,
    longestSeconds: seconds,
    authorities,
  };
}

function outcome(records: readonly RequestRecord[]): Pick<Stretch, "requests" | "failed" | "failures"> {
  const bad = records.filter(failed);
  const failures = bad
    .slice(0, mostFailuresTold)
    .map(({ planned, status, latency, error, text }) => ({
      at: new Date(planned).toISOString(),
      status,
      seconds: latency / 1000,
      reason: (error ?? text ?? "").replaceAll(/\s+/g, " ").slice(0, 200),
    }));
  return { requests: records.length, failed: bad.length, failures };
}
