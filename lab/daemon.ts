/**
 * The lab's daemon: ARM on one side, the fabric on the other. Started by `bin/lab`; what it made goes on without it,
 * and a new daemon takes it over.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startArm } from "./arm/index.ts";
import { raiseLimits } from "./fabric/hostLimits.ts";
import { ensureImage } from "./fabric/image.ts";
import { Machines } from "./fabric/machines.ts";
import { Networks } from "./fabric/networks.ts";
import { publish } from "./fabric/gitServer.ts";
import { packageHosts } from "./fabric/packageHosts.ts";
import { authority } from "./authority.ts";
import { codeOf } from "./cli/code.ts";
import { controlServer } from "./control.ts";
import { credentials } from "./credentials.ts";
import { cacheDir, metadataSocket, root, servicesSocket, socketPath, stateDir } from "./paths.ts";
import { Rounds } from "./rounds.ts";
import { keepFromEnvironment, liveSettings, type LiveSettings } from "./liveSettings.ts";
import { armPort, provisioningSeconds, secondsPerMinute } from "./settings.ts";
import { ensureRepository } from "./standins/repository.ts";
import type { WorldStatus } from "./world.ts";

const log = (message: string) => console.log(`${new Date().toISOString()} ${message}`);

// Read at the start: this process runs the sources that it has just loaded.
const code = codeOf();
const ca = authority();
const { keyFile, certFile } = ca.issue("arm", ["IP:127.0.0.1", "DNS:localhost"]);
const { tenantId, subscriptionId, clientId, clientSecret } = credentials();

keepFromEnvironment(stateDir, process.env);
let known = liveSettings(stateDir);
let trouble = "";
/** A file that somebody made unreadable by hand is told once, and changes nothing. */
function settings(): LiveSettings {
  try {
    known = liveSettings(stateDir);
    trouble = "";
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== trouble) log(`settings: ${message}`);
    trouble = message;
  }
  return known;
}

const image = await ensureImage({ cacheDir, log });
const networks = new Networks({
  stateDir,
  authority: ca,
  metadataSocket,
  servicesSocket,
  acmeDaySeconds: () => settings().acmeDaySeconds,
  packageHosts: packageHosts(process.env),
  log,
});
const serviceHealingSeconds = () => settings().serviceHealingSeconds;
const machines = new Machines({ stateDir, image, caFile: ca.caFile, log, provisioningSeconds, serviceHealingSeconds });
const arm = await startArm({
  stateDir,
  port: armPort,
  tls: { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") },
  tenantId,
  subscriptionId,
  clientId,
  clientSecret,
  effects: machines.effects,
  log,
  repairGraceSeconds: () => settings().repairGraceSeconds,
  secondsPerMinute,
  missingHealth: () => settings().missingHealth,
  metadataSocket,
  servicesSocket,
  vaultState: () => settings().vault,
});
await ensureRepository(stateDir);
await networks.start();
// The kernel limits connections only once somebody tracks them.
raiseLimits({ stateDir, log });
for (const service of readdirSync(join(root, "examples"), { withFileTypes: true })) {
  if (service.isDirectory()) await publish(join(service.parentPath, service.name), service.name, stateDir);
}

let errors: WorldStatus["errors"] = [];
let revision = -1;

/** Makes the world as ARM plans it. */
async function converge(): Promise<boolean> {
  const world = arm.world();
  const started = performance.now();
  const before = await networks.convergeBeforeMachines(world);
  const during = await machines.converge(world.machines);
  const after = await networks.convergeAfterMachines(world);
  errors = [...before, ...during, ...after];
  revision = world.revision;
  report();
  const failed = errors.map(({ id, message }) => `\n  ${id}: ${message}`).join("");
  log(`revision ${revision}: ${Math.round(performance.now() - started)} ms${failed}`);
  return errors.length === 0;
}
const rounds = new Rounds(converge, log);
function status(): WorldStatus {
  return { revision, machines: machines.statuses(), probes: networks.probes(), errors };
}
function report(): void {
  try {
    arm.report(status());
  } catch (error) {
    log(`report: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

arm.onChange(rounds.wake);
machines.onChange(report);
networks.onChange(report);

if (existsSync(socketPath)) rmSync(socketPath);
const control = controlServer({
  status: () => ({ pid: process.pid, code, world: arm.world(), status: status(), settings: settings() }),
  serialLog: (machineId) => machines.effects.serialLog(machineId),
  limits: (change) => arm.limits(change),
  take: () => networks.take(),
}).listen(socketPath);

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  rounds.stop();
  control.close();
  await arm.close();
  log("stopped");
  process.exit(0);
}
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());
const unhandled = (error: unknown): void => log(`unhandled: ${error instanceof Error ? error.stack : String(error)}`);
process.on("unhandledRejection", unhandled);
// A listener or timer that throws ends nothing else: machines are to be looked after all the same.
process.on("uncaughtException", unhandled);

log(`ARM listens on https://127.0.0.1:${armPort}`);
await rounds.run();
