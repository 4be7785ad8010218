/**
 * Azurite, Microsoft's emulator of storage, behind the front of Azure's services: the blobs of all storage accounts, in
 * `<state>/azurite`. It knows its accounts from its start on, so it starts anew when one comes or goes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readIfThere, writeAtomically } from "../files.ts";
import type { StorageAccount } from "../world.ts";
import type { ContainerChange, ContainersInput } from "./azuriteClient.ts";
import type { Issuer } from "./gitServer.ts";
import { run } from "./host.ts";
import { inside } from "./namespace.ts";
import { ensureService, stopService } from "./service.ts";
import { azure } from "./names.ts";

export const azuritePort = 10000;

const service = "azurite";
const manifest = createRequire(import.meta.url).resolve("azurite/package.json");
export const azuriteProgram = join(dirname(manifest), "dist", "src", "blob", "main.js");

/** Arguments for Node.js, of Azurite over TLS with tokens. Azure's clients are newer than it; Azure takes their version. */
export const azuriteArguments = (port: number, location: string, certFile: string, keyFile: string): string[] => [
  azuriteProgram,
  ...["--blobHost", "127.0.0.1", "--blobPort", String(port), "--location", location],
  ...["--oauth", "basic", "--cert", certFile, "--key", keyFile],
  ...["--silent", "--disableTelemetry", "--skipApiVersionCheck"],
];

const containersProgram = join(import.meta.dirname, "azuriteContainers.ts");

export const azuriteData = (stateDir: string): string => join(stateDir, "azurite");

/** Has it run with these accounts and containers, and nothing of others; without accounts it does not run. */
export async function ensureAzurite(
  stateDir: string,
  issuer: Issuer,
  accounts: readonly StorageAccount[],
): Promise<void> {
  const data = azuriteData(stateDir);
  if (accounts.length === 0) {
    await stopService(stateDir, service);
    return rmSync(data, { recursive: true, force: true });
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const file = join(data, "accounts.json");
  const before = JSON.parse(readIfThere(file) ?? "[]") as StorageAccount[];
  const { removals, additions } = containerChanges(before, accounts);
  if (removals.length > 0) {
    // What an account had goes before Azurite forgets the account.
    await start(stateDir, issuer, before);
    await changeContainers("DELETE", removals);
  }
  await start(stateDir, issuer, accounts);
  await changeContainers("PUT", additions);
  if (!isDeepStrictEqual(before, accounts)) writeAtomically(file, JSON.stringify(accounts));
}

async function start(stateDir: string, issuer: Issuer, accounts: readonly StorageAccount[]): Promise<void> {
  const { keyFile, certFile } = issuer.issue("azurite", ["DNS:localhost"]);
  const listed = accounts.map(({ name, keys }) => [name, ...keys].join(":")).join(";");
  const args = azuriteArguments(azuritePort, azuriteData(stateDir), certFile, keyFile);
  const version = createHash("sha256");
  for (const part of [listed, readFileSync(manifest), readFileSync(certFile), args.join(" ")]) version.update(part);
  await ensureService(stateDir, {
    name: service,
    namespace: azure,
    command: [process.execPath, ...args],
    // Keys are secrets, and a command's arguments are for everybody to read.
    env: { AZURITE_ACCOUNTS: listed },
    version: version.digest("hex").slice(0, 16),
    port: azuritePort,
    // It loads much.
    readySeconds: 30,
  });
}

/** From the accounts and containers that there were to those that there are now. */
export function containerChanges(
  before: readonly StorageAccount[],
  now: readonly StorageAccount[],
): { removals: ContainerChange[]; additions: ContainerChange[] } {
  const same = (one: StorageAccount) => (other: StorageAccount) => other.guid === one.guid;
  const beyond = (one: StorageAccount, others: readonly StorageAccount[]): ContainerChange[] => {
    const kept = others.find(same(one))?.containers ?? [];
    return one.containers
      .filter((container) => !kept.includes(container))
      .map((container) => ({ account: one.name, container }));
  };
  const removals = before.flatMap((one) => (now.some(same(one)) ? beyond(one, now) : [{ account: one.name }]));
  return { removals, additions: now.flatMap((one) => beyond(one, before)) };
}

async function changeContainers(method: "PUT" | "DELETE", changes: readonly ContainerChange[]): Promise<void> {
  if (changes.length === 0) return;
  const input: ContainersInput = { port: azuritePort, method, changes };
  await run([...inside(azure), process.execPath, containersProgram], {
    input: JSON.stringify(input),
    timeoutSeconds: 60,
  });
}
