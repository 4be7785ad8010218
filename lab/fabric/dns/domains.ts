/** What people say of the lab's domains: who serves them, and what the provider from before has. In `<state>/dns`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeAtomically } from "../../files.ts";
import { oldNameServers } from "../addresses.ts";
import { run } from "../host.ts";
import { dnsProgram } from "./programs.ts";
import { isRegistrable, registryDomain, type Provider, type Registrations } from "./registry.ts";

const directoryIn = (stateDir: string): string => join(stateDir, "dns");
const registrationsFile = (stateDir: string): string => join(directoryIn(stateDir), "registry.json");
const oldZoneFile = (stateDir: string, domain: string): string => join(directoryIn(stateDir), "old", `${domain}.zone`);

export const registrations = (stateDir: string): Registrations =>
  JSON.parse(readIfThere(registrationsFile(stateDir)) ?? "{}") as Registrations;

/** Has the registry delegate the domain to a provider. */
export function register(stateDir: string, domain: string, provider: Provider): void {
  requireDomain(domain);
  if (provider === "old" && !existsSync(oldZoneFile(stateDir, domain)))
    throw new Error(
      `given ${domain} old, but the provider from before has no zone ${domain}; it has ` +
        `${
          oldZones(stateDir)
            .map((zone) => zone.domain)
            .join(", ") || "none"
        }. ` +
        `Give it one first: bin/lab old-dns ${domain} FILE`,
    );
  mkdirSync(directoryIn(stateDir), { recursive: true });
  writeAtomically(
    registrationsFile(stateDir),
    `${JSON.stringify({ ...registrations(stateDir), [domain]: provider }, null, 2)}\n`,
  );
}

/** Zones of the provider from before. */
export function oldZones(stateDir: string): { domain: string; text: string }[] {
  const directory = join(directoryIn(stateDir), "old");
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((file) => file.endsWith(".zone"))
    .sort()
    .map((file) => ({ domain: file.slice(0, -".zone".length), text: readFileSync(join(directory, file), "utf8") }));
}

/** Has the provider from before serve a zone file, once NSD's own check finds no mistake in it. */
export async function putOldZone(stateDir: string, domain: string, file: string): Promise<void> {
  requireDomain(domain);
  if (!existsSync(file)) throw new Error(`given ${file}: there is no such file`);
  const { status, stdout, stderr } = await run([dnsProgram("nsd-checkzone"), domain, file], { accept: [1] });
  if (status !== 0) throw new Error(`${file} is no zone file of ${domain}: ${(stderr + stdout).trim()}`);
  mkdirSync(join(directoryIn(stateDir), "old"), { recursive: true });
  writeAtomically(oldZoneFile(stateDir, domain), readFileSync(file, "utf8"));
}

/** Has the provider from before forget a zone, which must be registered elsewhere. */
export function removeOldZone(stateDir: string, domain: string): void {
  if (registrations(stateDir)[domain] === "old")
    throw new Error(`${domain} is registered with it; first: bin/lab registry ${domain} azure`);
  rmSync(oldZoneFile(stateDir, domain), { force: true });
}

function requireDomain(domain: string): void {
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/;
  if (isRegistrable(domain) && domain.split(".").every((one) => label.test(one))) return;
  throw new Error(
    `given ${domain}, allowed is a domain below ${registryDomain}, in lower case, that the lab does not need for itself: ` +
      `chatbot.${registryDomain}`,
  );
}

/** What a zone file should name as its servers. */
export const oldServerNames = oldNameServers.map(({ name }) => name);
