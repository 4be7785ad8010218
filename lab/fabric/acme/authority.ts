/** The certificate authority of the lab's Internet, https://acme.example: Pebble behind a front of the lab. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PebbleCommand } from "../../pebble/pebble.ts";
import { acmeHost, acmeResolver } from "../addresses.ts";
import type { Issuer } from "../gitServer.ts";
import { acme } from "../names.ts";
import { ensureService } from "../service.ts";
import { validities } from "./window.ts";

const [pebblePort, managementPort] = [14000, 15000];
const programs = ["frontProcess.ts", "frontServer.ts", "orderLog.ts", "window.ts"].map((name) =>
  join(import.meta.dirname, name),
);

/** Runs both. Pebble forgets its accounts when it starts anew, so it does only for another length of a day. */
export async function ensureAcme(stateDir: string, issuer: Issuer, daySeconds: number): Promise<void> {
  const { command, environment } = await pebble(stateDir, issuer, daySeconds);
  await ensureService(stateDir, {
    name: "pebble",
    namespace: acme,
    command,
    env: environment,
    version: hash([...command, JSON.stringify(environment), String(daySeconds)]),
    port: pebblePort,
    readySeconds: 30,
  });
  const { keyFile, certFile } = issuer.issue("acme", [`DNS:${acmeHost}`]);
  const args = [certFile, keyFile, String(pebblePort), String(managementPort), stateDir];
  await ensureService(stateDir, {
    name: "acme",
    namespace: acme,
    command: [process.execPath, programs[0]!, ...args],
    version: hash([...args, ...[...programs, certFile].map((file) => readFileSync(file, "utf8"))]),
    // It does not listen at its own while the authority is down.
    port: pebblePort,
  });
}

const commands = new Map<number, PebbleCommand>();

/** Its command, found once for each length of a day. */
async function pebble(stateDir: string, issuer: Issuer, daySeconds: number): Promise<PebbleCommand> {
  const known = commands.get(daySeconds);
  if (known) return known;
  const directory = join(stateDir, "acme");
  mkdirSync(directory, { recursive: true });
  const { keyFile, certFile } = issuer.issue("pebble", ["DNS:localhost"]);
  // Loaded here: it reads where the lab's folders are, which tests set before.
  const { pebbleCommand } = await import("../../pebble/pebble.ts");
  const made = pebbleCommand(
    {
      address: `127.0.0.1:${pebblePort}`,
      managementAddress: `127.0.0.1:${managementPort}`,
      certificate: certFile,
      privateKey: keyFile,
      dnsServer: `${acmeResolver}:53`,
      httpPort: 80,
      profiles: validities(daySeconds),
    },
    directory,
  );
  // The settings of another length have been written over.
  commands.clear();
  commands.set(daySeconds, made);
  return made;
}

const hash = (parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
