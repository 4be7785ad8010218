/** The lab's Azure Resource Manager. */
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { World, WorldStatus } from "../world.ts";
import { endNotices } from "./compute/removal.ts";
import { Repairs } from "./compute/repairs.ts";
import type { Context } from "./context.ts";
import { keysOf } from "./login/keys.ts";
import { serveMetadata } from "./metadata/service.ts";
import { Autoscaler } from "./monitor/autoscaler.ts";
import { changeLimits } from "./limitChange.ts";
import { reportLimits, type LimitReport } from "./limitReport.ts";
import type { Operation } from "./operation.ts";
import { failInterrupted } from "./operations.ts";
import type { ArmOptions } from "./options.ts";
import { projectWorld } from "./projection.ts";
import { advance } from "./provisioning.ts";
import type { Resource } from "./resource.ts";
import type { Routing } from "./router.ts";
import { serve } from "./server.ts";
import { serveServices } from "./services.ts";
import { Store } from "./store.ts";

export type { LimitReport } from "./limitReport.ts";
export type { ArmOptions } from "./options.ts";
export type { Resource } from "./resource.ts";

/** A client that polls an operation is held this long at most; then it asks again. */
const holdMilliseconds = 5000;

/** Between two looks at what waits for time to pass. */
const lookMilliseconds = 1000;

export interface Arm {
  /** What should exist now. */
  world(): World;
  /** Called after each request that changed the world. */
  onChange(listener: () => void): void;
  /** Tells what exists; resources and operations move on. */
  report(status: WorldStatus): void;
  resources(): readonly Resource[];
  /** The subscription's limits, after the change where one is given. Throws where it is not a `LimitChange`. */
  limits(change?: unknown): LimitReport;
  /** The port that was bound, for `port: 0`. */
  port: number;
  close(): Promise<void>;
}

/** Continues from the state directory, pending operations included. */
export async function startArm(options: ArmOptions): Promise<Arm> {
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  const store = new Store(join(options.stateDir, "arm.db"));
  failInterrupted(store);
  let latest: WorldStatus | undefined;
  const listeners: (() => void)[] = [];
  const waiting = new Set<() => void>();
  let told = store.revision;

  /** One part that fails stops neither the others nor the daemon; the next look tries it again. */
  const guarded = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      const log = options.log ?? console.error;
      log(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  };

  /** After each request and report: the fabric hears of a new revision, held clients of ended operations. */
  const tell = (): void => {
    for (const wake of [...waiting]) wake();
    if (store.revision === told) return;
    told = store.revision;
    for (const listener of listeners) listener();
  };

  const ended = (operation: Operation): Promise<Operation> =>
    new Promise((resolve) => {
      const current = (): Operation => store.operation(operation.name) ?? operation;
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(check);
        resolve(current());
      };
      const check = (): void => {
        if (current().status !== "InProgress") done();
      };
      const timer = setTimeout(done, holdMilliseconds);
      waiting.add(check);
      check();
    });

  const nowMilliseconds = options.nowMilliseconds ?? Date.now;
  const contextOf = (origin: string): Context => ({ store, options, origin, status: () => latest, nowMilliseconds });
  const keys = keysOf(store);
  const routing = (origin: string): Routing => ({ context: contextOf(origin), ended });
  // Once per turn of the event loop: a transaction is one turn, so that no listener sees half of it.
  let planned = false;
  store.onWrite(() => {
    if (planned) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      guarded("a listener", tell);
    });
  });
  const parts = { options, keys, routing };
  const server = await serve(parts);
  const { port } = server.address() as AddressInfo;
  const context = contextOf(`https://${options.host ?? "127.0.0.1"}:${port}`);
  const services = options.servicesSocket && (await serveServices(options.servicesSocket, parts));
  const metadata = options.metadataSocket && (await serveMetadata(options.metadataSocket, context));

  const repairs = new Repairs();
  const autoscaler = new Autoscaler();
  /** What follows from the last report and from the time. */
  const look = (): void => {
    guarded("provisioning", () => latest && advance(latest, context));
    guarded("terminate notices", () => store.transaction(() => endNotices(context)));
    guarded("repairs", () => repairs.run(context));
    guarded("autoscale", () => autoscaler.run(context));
    guarded("a listener", tell);
  };
  const timer = setInterval(look, lookMilliseconds).unref();

  return {
    port,
    world: () => projectWorld(context),
    onChange: (listener) => listeners.push(listener),
    report: (status) => {
      latest = status;
      look();
    },
    resources: () => store.all(),
    limits: (change) => {
      if (change !== undefined) changeLimits(store, change);
      return reportLimits(store);
    },
    close: () =>
      new Promise((resolve) => {
        clearInterval(timer);
        if (metadata) metadata.close();
        if (services) services.close().closeAllConnections();
        for (const wake of [...waiting]) wake();
        server.closeAllConnections();
        server.close(() => {
          store.close();
          resolve();
        });
      }),
  };
}
