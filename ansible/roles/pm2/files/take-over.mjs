#!/usr/bin/env node
/**
 * usage: take-over ECOSYSTEM-FILE, as the application's user while its pm2 runs.
 *
 * Has an application's processes be what its ecosystem file, and the folder to which that leads, are now. New ones start
 * beside those that run and share their port; when each has said that it is ready, the others end. Where one does not, the
 * new ones are taken away, the others stay, and the exit status is 1.
 *
 * pm2's own reload (7.0.4, lib/God/Reload.js) ends the old process also where the new one is never ready.
 */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import pm2 from "pm2";

const { apps } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const call = (method, ...args) => promisify(pm2[method]).call(pm2, ...args);

/** All processes of an application: those that a take-over started have names of their own, older ones no namespace. */
const processesOf = async ({ name, namespace }) =>
  (await call("list")).filter((one) => one.name === name || one.pm2_env.namespace === namespace);

/** Ends a process; where nothing that it does is waited for, as soon as pm2 knows that it is to end, and starts no other. */
async function end({ pm_id }, app, atOnce) {
  let gone = false;
  const deleted = call("delete", pm_id).finally(() => (gone = true));
  while (atOnce && !gone) {
    const { pid, pm2_env } = (await processesOf(app)).find((one) => one.pm_id === pm_id) ?? {};
    if (pid && pm2_env.status === "stopping") signal(pid, "SIGKILL");
    await pause(50);
  }
  await deleted;
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** Resolves when so many processes of that name are ready: all in the time of one, however many there are. */
function ready(name, { instances, listen_timeout: milliseconds }, bus) {
  const seen = new Set();
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`a new process was not ready within ${milliseconds} ms`));
    const timer = setTimeout(late, milliseconds);
    bus.on("process:msg", ({ process: from, raw }) => {
      if (from.name !== name || raw !== "ready") return;
      if (seen.add(from.pm_id).size < instances) return;
      clearTimeout(timer);
      resolve();
    });
    bus.on("process:event", ({ process: from, event }) => {
      if (from.name === name && event === "exit") reject(new Error("a new process ended before all were ready"));
    });
  });
}

/** Ends processes until none is left. One that ends before it is ready is started again by pm2, whatever it was told. */
async function endAll(app, isMeant, isWaitedFor) {
  for (;;) {
    const left = (await processesOf(app)).filter(isMeant);
    if (left.length === 0) return;
    await Promise.allSettled(left.map((one) => end(one, app, !isWaitedFor(one))));
    await pause(50);
  }
}

async function takeOver(app, bus) {
  const name = `${app.name}-${Date.now()}`;
  const isNew = (one) => one.name === name;
  try {
    // By pm2's own waiting they would start one by one, and one that is never ready could not be ended.
    await Promise.all([ready(name, app, bus), call("start", [{ ...app, name, wait_ready: false }])]);
  } catch (error) {
    await endAll(app, isNew, () => false);
    throw error;
  }
  await endAll(
    app,
    (one) => !isNew(one),
    ({ pm2_env: { status } }) => status === "online",
  );
}

try {
  await call("connect");
  const bus = await call("launchBus");
  for (const app of apps) await takeOver(app, bus);
} catch (error) {
  console.error(`take-over: ${error.message ?? error}`);
  process.exitCode = 1;
}
pm2.disconnect();
process.exit();
