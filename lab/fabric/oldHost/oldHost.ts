/**
 * The host on which services run before they move, outside of all networks: HTTPS and HTTP for the names that people say,
 * and for its own.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeAtomically } from "../../files.ts";
import { oldHost, oldHostAddress } from "../addresses.ts";
import type { Issuer } from "../gitServer.ts";
import { old } from "../names.ts";
import { ensureService } from "../service.ts";

const programs = ["process.ts", "server.ts"].map((name) => join(import.meta.dirname, name));

const fileIn = (stateDir: string): string => join(stateDir, "old-host.json");

/** The names for which it has certificates, and answers. */
export const oldHostNames = (stateDir: string): string[] => [
  oldHost,
  ...(JSON.parse(readIfThere(fileIn(stateDir)) ?? "[]") as string[]),
];

const nameForm = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Says which names it has besides its own. Throws, and changes nothing, where one is none. */
export function keepOldHostNames(stateDir: string, names: readonly string[]): void {
  const wrong = names.filter((name) => !nameForm.test(name));
  if (wrong.length > 0)
    throw new Error(
      `given ${wrong.join(", ")}, allowed are DNS names in lower case, or *. and such a name: www.chatbot.example`,
    );
  writeAtomically(fileIn(stateDir), JSON.stringify([...new Set(names)].filter((name) => name !== oldHost)));
}

export async function ensureOldHost(stateDir: string, issuer: Issuer): Promise<void> {
  const certificates = oldHostNames(stateDir).map((name) => {
    const { certFile, keyFile } = issuer.issue(`old-${name.replace("*", "any")}`, [`DNS:${name}`]);
    return { name, certFile, keyFile };
  });
  const args = [oldHostAddress, JSON.stringify(certificates)];
  const version = createHash("sha256").update(args.join("\n"));
  for (const file of programs) version.update(readFileSync(file));
  await ensureService(stateDir, {
    name: "old-host",
    namespace: old,
    command: [process.execPath, programs[0]!, ...args],
    version: version.digest("hex").slice(0, 16),
    port: 443,
  });
}
