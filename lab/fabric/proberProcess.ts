/**
 * Load balancer probes of one virtual network. Runs in its router's namespace and ends with the daemon.
 *
 * Standard input: lines of JSON, each the whole list of targets. Standard output: a line of JSON per new verdict.
 */
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { createInterface } from "node:readline";
import { azureAddress } from "./addresses.ts";
import { type Judgement, judge } from "./verdict.ts";
import type { Target } from "./prober.ts";

interface Watch {
  target: Target;
  judgement: Judgement;
  timer: NodeJS.Timeout;
}

const watches = new Map<string, Watch>();
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => update(JSON.parse(line) as Target[]));
// The daemon is gone; a new one starts a prober of its own.
lines.on("close", () => process.exit(0));

function update(targets: readonly Target[]): void {
  const wanted = new Map(targets.map((target) => [`${target.probeId} ${target.machineId}`, target]));
  for (const [key, watch] of watches) {
    if (sameTarget(watch.target, wanted.get(key))) continue;
    clearTimeout(watch.timer);
    watches.delete(key);
  }
  for (const [key, target] of wanted) {
    if (watches.has(key)) continue;
    const watch: Watch = { target, judgement: { up: target.up, against: 0 }, timer: setTimeout(() => {}, 0) };
    watches.set(key, watch);
    void probe(key, watch);
  }
}

/** Compares what is probed, not what was known of it. */
function sameTarget(one: Target, other: Target | undefined): boolean {
  return other !== undefined && JSON.stringify({ ...one, up: null }) === JSON.stringify({ ...other, up: null });
}

async function probe(key: string, watch: Watch): Promise<void> {
  const { target } = watch;
  const started = Date.now();
  const answer = await ask(target);
  if (watches.get(key) !== watch) return;
  const before = watch.judgement.up;
  watch.judgement = judge(watch.judgement, answer, target.threshold);
  const { up } = watch.judgement;
  if (up !== before)
    process.stdout.write(`${JSON.stringify({ probeId: target.probeId, machineId: target.machineId, up })}\n`);
  const pause = Math.max(0, target.interval * 1000 - (Date.now() - started));
  watch.timer = setTimeout(() => void probe(key, watch), pause);
}

function ask(target: Target): Promise<boolean> {
  const timeout = target.interval * 1000;
  return target.protocol === "tcp" ? connects(target, timeout) : answers(target, timeout);
}

function connects({ address, port }: Target, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, localAddress: azureAddress });
    const timer = setTimeout(() => socket.destroy(new Error("timeout")), timeout);
    socket.on("connect", () => {
      socket.end();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
    socket.on("close", () => clearTimeout(timer));
    socket.resume();
  });
}

/** Status 200 is up; nothing else is. */
function answers({ address, port, path, protocol }: Target, timeout: number): Promise<boolean> {
  const options = {
    host: address,
    port,
    path: path ?? "/",
    localAddress: azureAddress,
    agent: false,
    headers: { "user-agent": "Load Balancer Agent", connection: "close" },
  };
  return new Promise((resolve) => {
    const request = protocol === "https" ? https.get({ ...options, rejectUnauthorized: false }) : http.get(options);
    const timer = setTimeout(() => request.destroy(new Error("timeout")), timeout);
    request.on("response", (response) => {
      response.resume();
      response.on("error", () => {});
      response.on("end", () => resolve(response.statusCode === 200));
    });
    request.on("error", () => resolve(false));
    request.on("close", () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}
