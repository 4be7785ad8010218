/**
 * One of three servers is three times slower: what the ways of balancing make of it. The environment is changed to each
 * way; on its back servers a stand-in takes the application's place, which does one thing after the other and spends
 * its processor on each; and a front server's network is where the requests come from, each with a connection of its
 * own, for these are what a load balancer spreads.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackStatus } from "../cli/status.ts";
import type { Context, Experiment, Report } from "./experiment.ts";
import { spread } from "./figures.ts";
import { between, failed, touched } from "./history.ts";
import type { Machine } from "./sightings.ts";
import { summarize, type Summary } from "./summary.ts";
import type { Tools } from "./tools.ts";
import { untilWhole } from "./watch.ts";

/** hash is last: from the others to it HAProxy's machines go away, and need not come again until the end. */
const policies = ["connections", "cpu", "hash"] as const;
type Policy = (typeof policies)[number];

/**
 * Milliseconds of processor time for a request, and on the slow server. At 40 requests a second the slow server is busy
 * for 80% of the time where it gets its third of them; all three then need 1.3 processors.
 */
const work = { fast: 20, slow: 60 };
const rate = 40;
const measuredSeconds = 50;
/** The beginning of each measurement, which does not count: cpu weighs by load that is past. */
const warmUpSeconds = 10;
const repeats = 3;

export const comparison: Experiment = {
  name: "slower-server",
  title: "one of three servers three times slower: hash, connections and cpu compared",
  run: compare,
};

async function compare({ tools, seed, run, wanted, recoverySeconds, directory }: Context): Promise<Report> {
  const summaries = new Map<Policy, Summary[]>();
  try {
    for (const policy of policies) {
      tools.say(`the environment with balance: ${policy}`);
      await tools.up({ "tiers.back.instances": 3, "tiers.back.balance": policy });
      const three = { ...wanted, back: 3, "back-balancer": policy === "hash" ? 0 : 2 };
      const ready = () => untilWhole(tools, three, recoverySeconds, `with balance: ${policy}`);
      summaries.set(policy, await measure(tools, policy, ready, seed + 1000 * run, join(directory, policy)));
    }
  } finally {
    await withoutStandIns(tools).catch((error: Error) => tools.say(`stand-ins were not taken away: ${error.message}`));
    tools.say("the environment as it was");
    await tools.up();
  }
  const report = judge(summaries);
  writeFileSync(
    join(directory, "outcome.json"),
    `${JSON.stringify({ figures: report.figures, summaries: Object.fromEntries(summaries) }, null, 2)}\n`,
  );
  return report;
}

/** The figures of each way, and whether those that look at servers are better than the one that does not. Pure. */
export function judge(summaries: ReadonlyMap<Policy, readonly Summary[]>): Report {
  const p99 = (policy: Policy) => spread((summaries.get(policy) ?? []).map(({ latency }) => latency.p99)).median;
  const failures = (policy: Policy) =>
    (summaries.get(policy) ?? []).reduce((sum, { failed: { idempotent, other } }) => sum + idempotent + other, 0);
  return {
    figures: Object.fromEntries(
      policies.flatMap((policy) => [
        [`${policy} p99 ms`, p99(policy)],
        [`${policy} failed`, failures(policy)],
      ]),
    ),
    verdicts: (["connections", "cpu"] as const).map((policy) => ({
      goal: `p99 of ${policy} against hash`,
      wanted: `at most a third of ${p99("hash").toFixed(0)} ms, none failed`,
      got: `${p99(policy).toFixed(0)} ms, ${failures(policy)} failed`,
      met: p99(policy) <= p99("hash") / 3 && failures(policy) === 0,
    })),
  };
}

async function measure(
  tools: Tools,
  policy: Policy,
  ready: () => Promise<StackStatus>,
  seed: number,
  directory: string,
): Promise<Summary[]> {
  const { clock } = tools;
  const { machines, loadBalancers } = await ready();
  const loadBalancer = loadBalancers.find(({ tier }) => tier === "back");
  const client = machines.find(({ tier }) => tier === "front");
  const servers = machines.filter(({ tier }) => tier === "back");
  if (!loadBalancer || !client || servers.length !== 3)
    throw new Error("this needs one load balancer of back, three back servers and a front server");
  if (loadBalancer.policy !== policy) throw new Error(`back is balanced by ${loadBalancer.policy}, not by ${policy}`);
  mkdirSync(directory, { recursive: true });
  await Promise.all(
    servers.map((server, index) => standIn(tools, server, loadBalancer.port, index === 0 ? work.slow : work.fast)),
  );
  // Out of rotation while nothing answered, and in again.
  await clock.sleep(15);
  await ready();

  const found: Summary[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++) {
    const place = join(directory, String(repeat));
    mkdirSync(place, { recursive: true });
    const begin = clock.nowMs();
    const load = tools.load(
      {
        namespace: client.namespace,
        rate,
        longestSeconds: measuredSeconds,
        seed: seed + repeat,
        ids: `s${repeat}`,
        within: [`${loadBalancer.address}/32`],
        newConnections: true,
        timeoutSeconds: 10,
        targets: [`1 GET http://${loadBalancer.address}:${loadBalancer.port}/`],
      },
      place,
    );
    try {
      await clock.sleep(measuredSeconds + 2);
    } finally {
      await load.stop();
    }
    const records = between(await load.records(), begin + warmUpSeconds * 1000, Infinity);
    if (records.length < 0.8 * rate * (measuredSeconds - warmUpSeconds))
      throw new Error(`only ${records.length} requests were sent to ${loadBalancer.address}`);
    const slow =
      records.filter((record) => !failed(record) && touched(record, servers[0]?.hostName ?? "")).length /
      records.length;
    const summary = summarize(records);
    tools.say(
      `${policy}: p50 ${summary.latency.p50.toFixed(0)} ms, p99 ${summary.latency.p99.toFixed(0)} ms, ${(slow * 100).toFixed(0)}% by the slow server`,
    );
    found.push(summary);
  }
  return found;
}

/** A server that answers its health at once, and spends processor time on every other request, one after the other. */
export const standInProgram = `
  const { Worker } = require("node:worker_threads");
  const [port, work] = process.argv.slice(2).map(Number);
  const worker = new Worker(\`
    const { parentPort, workerData } = require("node:worker_threads");
    parentPort.on("message", (id) => {
      for (const end = performance.now() + workerData; performance.now() < end;);
      parentPort.postMessage(id);
    });\`, { eval: true, workerData: work });
  const waiting = new Map();
  let last = 0;
  worker.on("message", (id) => { waiting.get(id)(); waiting.delete(id); });
  require("node:http").createServer((request, response) => {
    if (request.url === "/health") return response.end("ok\\n");
    const id = ++last;
    waiting.set(id, () => response.end(JSON.stringify({ machine: require("node:os").hostname() }) + "\\n"));
    worker.postMessage(id);
  }).listen(port, () => console.log("listening"));
`;

async function standIn(tools: Tools, { name }: Machine, port: number, milliseconds: number): Promise<void> {
  const program = Buffer.from(standInProgram).toString("base64");
  await tools.sudo(
    name,
    `set -e
    echo ${program} | base64 -d >/run/stand-in.js
    systemctl stop pm2@back.service
    systemctl stop stand-in.service 2>/dev/null || true
    systemd-run --quiet --unit=stand-in --property=Restart=always "$(command -v node)" /run/stand-in.js ${port} ${milliseconds}`,
    60,
  );
}

/** Servers that stay get their application back. */
async function withoutStandIns(tools: Tools): Promise<void> {
  const { machines } = await tools.status();
  for (const { name, tier } of machines) {
    if (tier !== "back") continue;
    await tools
      .sudo(name, "systemctl stop stand-in.service 2>/dev/null || true; systemctl restart pm2@back.service", 60)
      .catch((error: Error) => tools.say(`${name}: ${error.message}`));
  }
}
