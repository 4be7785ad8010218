/** The load generator as a process: it runs in a network namespace, and is ended by its process ID. */
import { execFileSync } from "node:child_process";
import { closeSync, createReadStream, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { cacheDir, root } from "../paths.ts";
import { readHistory, type RequestRecord } from "./history.ts";

export interface LoadPlan {
  /** Network namespace of the client. */
  namespace: string;
  /** Requests a second, on average. */
  rate: number;
  /** After so long the generator ends by itself, should nobody end it. */
  longestSeconds: number;
  seed: number;
  /** Beginning of the IDs in what is written. */
  ids: string;
  /** `WEIGHT METHOD URL [BODY]`. */
  targets: string[];
  /** Where connections come from, in turn; as the system chooses where there is none. */
  from?: readonly string[];
  /** Addresses of hosts, in place of those that the resolver tells: clients that have been told where to go. */
  resolve?: Readonly<Record<string, string>>;
  /** The only addresses to which anything is sent, CIDR blocks: a record that points elsewhere meets no stranger. */
  within: string[];
  /** A connection for each request, so that nothing is ever sent again by the client. */
  newConnections: boolean;
  /** How long each request may take. */
  timeoutSeconds: number;
  /** File with the authorities that https believes, besides those of the host. */
  authorities?: string;
}

export interface Load {
  /** What was recorded until now; up to a second behind. */
  records(): Promise<RequestRecord[]>;
  /** Ends it, waits for what is under way, and returns when the history is complete. */
  stop(): Promise<void>;
}

/** Path of the generator, which is built where it is not there yet. */
export function loadProgram(): string {
  const build = join(root, "lab", "load", "build.sh");
  return execFileSync(build, [cacheDir], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

export function loadArguments(plan: LoadPlan, out: string): string[] {
  return [
    "--rate",
    String(plan.rate),
    "--duration",
    `${plan.longestSeconds}s`,
    "--timeout",
    `${plan.timeoutSeconds}s`,
    "--seed",
    String(plan.seed),
    "--ids",
    plan.ids,
    "--out",
    out,
    "--until-eof",
    // As many are under way when half of the requests wait for half a minute; and no more than a client's address has
    // ports for, which is also some 700 MB.
    "--workers",
    String(Math.min(20_000, Math.ceil(15 * plan.rate))),
    ...(plan.from ?? []).flatMap((address) => ["--from", address]),
    ...Object.entries(plan.resolve ?? {}).flatMap(([host, address]) => ["--resolve", `${host}:${address}`]),
    ...plan.within.flatMap((block) => ["--within", block]),
    ...(plan.newConnections ? ["--new-connections"] : []),
    ...plan.targets.flatMap((target) => ["--target", target]),
  ];
}

/**
 * Clients have processors of their own: what the environment does must not slow them down, or the load would not be
 * what was planned. A session has its own share of the processors, where the kernel has such shares; man:sched(7).
 */
function favour(pid: number): void {
  const file = `/proc/${pid}/autogroup`;
  if (existsSync(file)) writeFileSync(file, "-12");
}

/** Starts the generator; its history and its own words are kept in the directory. */
export function startLoad(program: string, plan: LoadPlan, directory: string): Load {
  const out = join(directory, "history.jsonl");
  const logFile = join(directory, "load.log");
  const log = openSync(logFile, "a");
  // `ip` becomes the program, so the process ID is the program's. Ctrl-C is not for it; its input ends with this
  // process.
  const child = execa("ip", ["netns", "exec", plan.namespace, program, ...loadArguments(plan, out)], {
    // The types of execa know descriptors up to 9 only.
    stdio: ["pipe", log as 3, log as 3],
    detached: true,
    cleanup: false,
    reject: false,
    // Go reads it.
    ...(plan.authorities !== undefined && { env: { SSL_CERT_FILE: plan.authorities } }),
    forceKillAfterDelay: (plan.timeoutSeconds + 15) * 1000,
  });
  closeSync(log);
  if (child.pid !== undefined) favour(child.pid);
  let ended: string | undefined;
  const exit = child.then(({ exitCode, signal, originalMessage }) => {
    ended = signal ?? (exitCode === undefined ? originalMessage : `status ${exitCode}`);
  });
  let stopping = false;
  return {
    async records() {
      if (ended !== undefined && !stopping) {
        throw new Error(`the load generator has ended (${ended}): ${readFileSync(logFile, "utf8").trim().slice(-500)}`);
      }
      return existsSync(out) ? readHistory(createInterface({ input: createReadStream(out) })) : [];
    },
    async stop() {
      stopping = true;
      child.kill("SIGTERM");
      await exit;
    },
  };
}
