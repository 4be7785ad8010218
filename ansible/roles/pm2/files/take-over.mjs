#!/usr/bin/env node
/**
 * usage: take-over ECOSYSTEM-FILE, as the application's user while its pm2 runs.
 *
 * Has an application's processes be what its ecosystem file and the folder that it names are now: new ones start beside
 * those that run and share their port; when each has said that it is ready, the others end. Where one does not, it is
 * taken away, the others stay, and the exit status is 1.
 *
 * pm2's own reload (7.0.4, lib/God/Reload.js) ends the old process also where the new one never becomes ready, and with
 * it the folder of a release stays the one of the first start where a file names a resolved path (its issue 2963).
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import pm2 from "pm2";

const { apps } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const call = (method, ...args) => promisify(pm2[method]).call(pm2, ...args);

/** Those that pm2 knows by the application's name. */
const processesOf = async ({ name }) => (await call("list")).filter((one) => one.name === name);

/** Ends a process; at once where it is worth no waiting. */
async function end({ pm_id, pid }, signal) {
  const gone = call("delete", pm_id);
  if (signal && pid) {
    // pm2 must know that it is to end, else it starts another.
    await pause(200);
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  }
  await gone;
}

/** Starts one process and resolves when it is ready. */
async function startOne(app, bus) {
  const before = new Set((await processesOf(app)).map(({ pm_id }) => pm_id));
  const isNew = (event) => event.process.name === app.name && !before.has(event.process.pm_id);
  let listeners = {};
  const verdict = new Promise((ready, failed) => {
    listeners = {
      "process:msg": (event) => isNew(event) && event.raw === "ready" && ready(),
      "process:event": (event) =>
        isNew(event) && event.event === "exit" && failed(new Error("a new process ended before it was ready")),
    };
    for (const [name, listener] of Object.entries(listeners)) bus.on(name, listener);
    setTimeout(() => failed(new Error(`a new process was not ready within ${app.listen_timeout} ms`)), app.listen_timeout).unref();
  });
  const started = call("start", resolve(app.cwd, app.script), { ...app, instances: 1, force: true });
  try {
    await Promise.race([verdict, started.then(() => verdict)]);
  } catch (error) {
    // It may start again and again meanwhile.
    for (const one of await processesOf(app)) if (!before.has(one.pm_id)) await end(one, "SIGKILL");
    throw error;
  } finally {
    for (const [name, listener] of Object.entries(listeners)) bus.off(name, listener);
  }
}

async function takeOver(app, bus) {
  const standing = await processesOf(app);
  const isAlive = ({ pm2_env: { status } }) => status === "online" || status === "launching";
  // pm2 would start these again instead of new ones beside them.
  for (const one of standing) if (!isAlive(one)) await end(one, "SIGKILL");
  const started = [];
  try {
    for (let count = 0; count < app.instances; count++) started.push(await startOne(app, bus));
  } catch (error) {
    const known = new Set(standing.map(({ pm_id }) => pm_id));
    await Promise.all((await processesOf(app)).filter(({ pm_id }) => !known.has(pm_id)).map((one) => end(one, "SIGKILL")));
    throw error;
  }
  await Promise.all(standing.filter(isAlive).map((one) => end(one)));
}

try {
  await call("connect");
  const bus = await call("launchBus");
  for (const app of apps) await takeOver(app, bus);
} catch (error) {
  console.error(`take-over: ${error.message ?? error}`);
  process.exitCode = 1;
} finally {
  pm2.disconnect();
  process.exit();
}
