/**
 * Programs that machines use (resolvers, metadata services, the Git server, Azure's services): each runs detached in its
 * namespace and outlives the daemon; the next daemon takes it over by its process ID file, or replaces it when its
 * version is another.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { holds } from "../polling.ts";
import { endProcesses } from "../signals.ts";
import { inside } from "./namespace.ts";
import { isAlive, readPid, writePid } from "./pidFile.ts";

export interface Service {
  /** Names its files: `<state>/run/<name>.pid` and `.log`. */
  name: string;
  namespace: string;
  command: readonly string[];
  /** Added to the environment. */
  env?: Record<string, string>;
  /** A service of another version is replaced. */
  version: string;
  /** TCP port that it listens on when it is ready. */
  port: number;
  /** IPv4 address of that port; absent: any. */
  address?: string;
  /** Time in which it must listen; 5 s by default. */
  readySeconds?: number;
}

/** Runs the service; returns when it listens. Does nothing when it runs in this version. */
export async function ensureService(stateDir: string, service: Service): Promise<void> {
  const known = readPid(pidFile(stateDir, service.name));
  const runs = known !== undefined && isAlive(known) && isIn(known.pid, service.namespace);
  if (known && runs && known.version === service.version) return;
  await stopService(stateDir, service.name);

  const logFile = join(runDirectory(stateDir), `${service.name}.log`);
  const log = openSync(logFile, "w", 0o640);
  // nsenter and the program are one process, so the process ID is the program's.
  const [program = "", ...args] = [...inside(service.namespace), ...service.command];
  const env = { ...process.env, ...service.env };
  const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log], cwd: "/", env });
  closeSync(log);
  let ended: string | undefined;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, signal) => {
    ended = `it ended with ${signal ?? `status ${code}`}`;
  });
  child.unref();
  if (child.pid !== undefined) writePid(pidFile(stateDir, service.name), child.pid, service.version);
  const ready = () => child.pid !== undefined && isIn(child.pid, service.namespace) && listens(child.pid, service);
  await holds(() => ended !== undefined || ready(), {
    timeoutSeconds: service.readySeconds ?? 5,
    intervalSeconds: 0.02,
  });
  if (ended === undefined && ready()) return;
  const said = readFileSync(logFile, "utf8").trim().slice(-1000);
  throw new Error(
    `${service.name} does not listen on port ${service.port}: ${ended ?? "it started, but is not ready"}` +
      `${said ? `: ${said}` : ""} (log: ${logFile})`,
  );
}

/** Sends a signal to a service that runs. */
export function signalService(stateDir: string, name: string, signal: NodeJS.Signals): void {
  const known = readPid(pidFile(stateDir, name));
  if (known && isAlive(known)) process.kill(known.pid, signal);
}

/** Ends a service and waits for its end. */
export async function stopService(stateDir: string, name: string): Promise<void> {
  const known = readPid(pidFile(stateDir, name));
  await endProcesses(() => (known && isAlive(known) ? [known.pid] : []), 1);
  rmSync(pidFile(stateDir, name), { force: true });
}

/** Names of the services that have a process ID file. */
export function services(stateDir: string): string[] {
  return readdirSync(runDirectory(stateDir))
    .filter((file) => file.endsWith(".pid"))
    .map((file) => file.slice(0, -4))
    .sort();
}

/** `<state>/run`, made when missing. */
export function runDirectory(stateDir: string): string {
  const directory = join(stateDir, "run");
  mkdirSync(directory, { recursive: true });
  return directory;
}

function pidFile(stateDir: string, name: string): string {
  return join(runDirectory(stateDir), `${name}.pid`);
}

function isIn(pid: number, namespace: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === `net:[${statSync(`/run/netns/${namespace}`).ino}]`;
  } catch {
    return false;
  }
}

/** Whether something listens on a TCP port of the process's namespace. */
function listens(pid: number, { port, address = "" }: Service): boolean {
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
  const bytes = address.split(".").filter(Boolean).reverse();
  const local = `${bytes.map((byte) => hex(Number(byte), 2)).join("")}:${hex(port, 4)}`;
  return ["tcp", "tcp6"].some((family) => {
    try {
      return readFileSync(`/proc/${pid}/net/${family}`, "utf8")
        .split("\n")
        .some((line) => line.trim().split(/\s+/)[1]?.endsWith(local) && line.trim().split(/\s+/)[3] === "0A");
    } catch {
      return false;
    }
  });
}
