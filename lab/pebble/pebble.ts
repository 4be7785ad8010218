/** Pebble, the certificate authority that Let's Encrypt keeps for tests of ACME clients, as a process of its own. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { cacheDir, root } from "../paths.ts";
import { Lack, until } from "../polling.ts";

export interface PebbleSettings {
  /** Where it listens: `127.0.0.1:14000`. The directory is `https://<address>/dir`. */
  address: string;
  /** Where `/roots/0` has its root certificate, `/set-renewal-info/` sets windows, and `/cert-status-by-serial/` tells. */
  managementAddress: string;
  /** Files with the certificate of its own addresses, and the key. */
  certificate: string;
  privateKey: string;
  /** DNS server that it asks: `127.0.0.1:8053`. Without one those of the host. */
  dnsServer?: string;
  /** Port at which it asks for HTTP-01. */
  httpPort: number;
  /** Seconds of validity by profile. An order that names none gets any of them. */
  profiles: Record<string, number>;
  /** Percent of good nonces that it refuses, as any authority may. */
  refusedNonces?: number;
  /** Greatest pause before each validation, in seconds. */
  validationPause?: number;
  /** What the program is started by, such as `ip netns exec <namespace>`. */
  within?: readonly string[];
}

export interface PebbleCommand {
  command: readonly string[];
  environment: Record<string, string>;
}

export interface Pebble {
  pid: number;
  /** What it has written until now: a line for each request, order and certificate. */
  log(): string;
  /** Ends it; it forgets its accounts, orders and root. */
  stop(): Promise<void>;
}

/** Folder of the programs `pebble` and `pebble-challtestsrv`, which are built where they are not there yet. */
export function pebblePrograms(): string {
  const build = join(root, "lab", "pebble", "build.sh");
  return execFileSync(build, [cacheDir], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

/** Writes its settings into the directory, and tells how it is started. */
export function pebbleCommand(settings: PebbleSettings, directory: string): PebbleCommand {
  const file = join(directory, "pebble.json");
  const profiles = Object.entries(settings.profiles).map(([name, validityPeriod]) => [
    name,
    { description: `${String(validityPeriod)} s`, validityPeriod },
  ]);
  const configuration = {
    listenAddress: settings.address,
    managementListenAddress: settings.managementAddress,
    certificate: settings.certificate,
    privateKey: settings.privateKey,
    httpPort: settings.httpPort,
    tlsPort: 443,
    keyAlgorithm: "ecdsa",
    retryAfter: { authz: 1, order: 1 },
    profiles: Object.fromEntries(profiles) as unknown,
  };
  writeFileSync(file, JSON.stringify({ pebble: configuration }, undefined, 2));
  const { within = [], dnsServer, refusedNonces = 5, validationPause = 1 } = settings;
  return {
    command: [
      ...within,
      join(pebblePrograms(), "pebble"),
      "-config",
      file,
      "-strict",
      ...(dnsServer === undefined ? [] : ["-dnsserver", dnsServer]),
    ],
    environment: {
      PEBBLE_WFE_NONCEREJECT: String(refusedNonces),
      PEBBLE_VA_SLEEPTIME: String(validationPause),
      // Each order is validated anew.
      PEBBLE_AUTHZREUSE: "0",
    },
  };
}

/** Starts it, and returns once it listens. Its log is kept in the directory. */
export async function startPebble(settings: PebbleSettings, directory: string): Promise<Pebble> {
  const { command, environment } = pebbleCommand(settings, directory);
  const [program = "", ...parameters] = command;
  const logFile = join(directory, "pebble.log");
  const log = openSync(logFile, "a");
  // The types of execa know descriptors up to 9 only.
  const child = execa(program, parameters, { env: environment, stdio: ["ignore", log as 3, log as 3], reject: false });
  closeSync(log);
  let ended: string | undefined;
  const exit = child.then(({ exitCode, signal, originalMessage }) => {
    ended = signal ?? (exitCode === undefined ? originalMessage : `status ${String(exitCode)}`);
  });
  const read = () => readFileSync(logFile, "utf8");
  const attempt = () => {
    if (ended !== undefined) throw new Error(`Pebble has ended (${ended}): ${read().trim().slice(-500)}`);
    return listens(settings);
  };
  try {
    await until("Pebble", attempt, { timeoutSeconds: 60, intervalSeconds: 0.05 });
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    log: read,
    async stop() {
      child.kill();
      await exit;
    },
  };
}

/** Its port can be tried from its own network only: in another one it is taken to listen. */
async function listens({ address, within = [] }: PebbleSettings): Promise<true | Lack> {
  if (within.length > 0) return true;
  const [host = "", port = ""] = address.split(":");
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    return new Lack(`does not listen at ${address} (${String(error)})`);
  } finally {
    socket.destroy();
  }
}
