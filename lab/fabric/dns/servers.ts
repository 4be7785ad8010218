/** The name servers of the lab's Internet: Azure's public DNS, the registry, and the provider from before. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeAtomically } from "../../files.ts";
import { azurePools } from "../../serviceNames.ts";
import type { DnsZone } from "../../world.ts";
import { oldNameServers, poolAddresses, registryAddress } from "../addresses.ts";
import { dns } from "../names.ts";
import { ensureService, runDirectory, signalService, stopService } from "../service.ts";
import { knotText, nsdText, type NameServer } from "./configuration.ts";
import { oldZones, registrations } from "./domains.ts";
import { dnsProgram } from "./programs.ts";
import { registryZones } from "./registry.ts";
import { zoneText } from "./zoneText.ts";

/** Whether they serve zones, of this daemon's world or of an earlier one's. */
export const areServed = (stateDir: string): boolean => existsSync(join(runDirectory(stateDir), "registry"));

/** Has them serve these zones. Returns the names of Azure's zones that are no longer there. */
export async function ensureNameServers(
  stateDir: string,
  zones: readonly DnsZone[],
  namespace: string = dns,
): Promise<string[]> {
  const ensure = (kind: Kind, name: string, addresses: readonly string[], texts: ReadonlyMap<string, string>) =>
    ensureServer({ stateDir, namespace, kind, name, addresses }, texts);
  const gone = new Set<string>();
  for (const pool of azurePools) {
    const own = zones.filter((zone) => !zone.private && (zone.pool ?? azurePools[0]) === pool);
    const texts = new Map(own.map((zone) => [zone.name.toLowerCase(), zoneText(zone)]));
    for (const name of await ensure(knot, `azure-${pool}`, poolAddresses(pool), texts)) gone.add(name);
  }
  const old = new Map(oldZones(stateDir).map(({ domain, text }) => [domain, text]));
  const oldAddresses = oldNameServers.map(({ address }) => address);
  await ensure(nsd, "old-provider", oldAddresses, old);
  // Last: nothing is delegated to a server that does not have it yet.
  const registry = registryZones(zones, registrations(stateDir));
  const texts = new Map(registry.map((zone) => [zone.name, zoneText(zone)]));
  await ensure(knot, "registry", [registryAddress], texts);
  return [...gone];
}

interface Kind {
  program: "knotd" | "nsd";
  /** Whether it starts anew when zones come or go: NSD reads their files anew, but not their list. */
  startsAnew: boolean;
  arguments: (configuration: string) => string[];
  text: (server: NameServer) => string;
}

const knot: Kind = { program: "knotd", startsAnew: false, arguments: (file) => ["-c", file], text: knotText };
const nsd: Kind = { program: "nsd", startsAnew: true, arguments: (file) => ["-d", "-c", file], text: nsdText };

interface Place {
  stateDir: string;
  namespace: string;
  kind: Kind;
  /** Of its folder and its process. */
  name: string;
  addresses: readonly string[];
}

/** Without zones it does not run. Returns the zones that it had and has no more. */
async function ensureServer(
  { stateDir, namespace, kind, name, addresses }: Place,
  zones: ReadonlyMap<string, string>,
): Promise<string[]> {
  const directory = join(runDirectory(stateDir), name);
  const before = existsSync(directory)
    ? readdirSync(directory).flatMap((file) => /^(.*)\.zone$/.exec(file)?.[1] ?? [])
    : [];
  const gone = before.filter((zone) => !zones.has(zone));
  if (zones.size === 0) {
    await stopService(stateDir, name);
    rmSync(directory, { recursive: true, force: true });
    return gone;
  }
  mkdirSync(directory, { recursive: true });
  const server = { name, addresses, zones: [...zones.keys()].sort(), directory };
  const files = [
    ...[...zones].map(([zone, text]) => [`${zone}.zone`, text] as const),
    ["server.conf", kind.text(server)] as const,
  ];
  const changed = files.filter(([file, text]) => readIfThere(join(directory, file)) !== text);
  for (const [file, text] of changed) writeAtomically(join(directory, file), text);
  for (const zone of gone) rmSync(join(directory, `${zone}.zone`), { force: true });
  // It reads its files anew without an interruption.
  if (changed.length > 0) signalService(stateDir, name, "SIGHUP");
  await ensureService(stateDir, {
    name,
    namespace,
    command: [dnsProgram(kind.program), ...kind.arguments(join(directory, "server.conf"))],
    version: createHash("sha256")
      .update([kind.program, ...addresses, ...(kind.startsAnew ? server.zones : [])].join())
      .digest("hex")
      .slice(0, 16),
    port: 53,
    address: addresses[0]!,
  });
  return gone;
}
