/**
 * DNS by dnsmasq: one resolver per network on Azure's address, with the private zones linked to the network, and a
 * public one in the lab's Internet, with the public zones, that asks the host's own name servers for the rest.
 *
 * Limits of dnsmasq: an alias (CNAME) leads only to a name that the same resolver knows; there are no SOA and NS
 * records.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DnsZone, VirtualNetwork, World } from "../world.ts";
import { managementHost, storageSuffix, vaultSuffix } from "../serviceNames.ts";
import {
  azureAddress,
  gitAddress,
  gitHost,
  managementAddress,
  publicResolver,
  storageAddress,
  vaultAddress,
} from "./addresses.ts";
import { nameservers } from "./conflicts.ts";
import { internetChains, packageSet } from "./internet.ts";
import type { PackageHosts } from "./packageHosts.ts";
import { rulesHash, table } from "./ruleset.ts";
import { ensureService, runDirectory } from "./service.ts";
import { internet, netnsName } from "./names.ts";

/** Domains in which every name is a service's. */
const services = [
  [vaultSuffix, vaultAddress],
  [`blob.${storageSuffix}`, storageAddress],
] as const;

const noHosts: PackageHosts = { names: [], addresses: [] };

/**
 * Rules of the lab's Internet that are made anew have an empty set of addresses. So every resolver starts anew with them,
 * without its cache: an answer out of it would not get to the set.
 */
const rulesLine = (hosts: PackageHosts): string => `# rules ${rulesHash(internetChains(hosts))}`;

/** Configuration of a network's resolver. */
export function privateResolverText(world: World, network: VirtualNetwork, hosts: PackageHosts = noHosts): string {
  const zones = world.zones.filter((zone) => zone.private && zone.networkIds.includes(network.id));
  return text(azureAddress, [publicResolver], zones, [rulesLine(hosts)]);
}

/**
 * Configuration of the public resolver; `upstream` are the host's name servers. What it finds out about package hosts
 * goes to the set of addresses that may be reached, before the answer goes to the machine.
 */
export function publicResolverText(
  world: Pick<World, "zones">,
  upstream: readonly string[],
  hosts: PackageHosts = noHosts,
): string {
  return text(
    publicResolver,
    upstream,
    world.zones.filter((zone) => !zone.private),
    [
      // Without `local`, a question for an IPv6 address would be asked elsewhere.
      `host-record=${gitHost},${gitAddress},60`,
      `host-record=${managementHost},${managementAddress},60`,
      // Every name below, whether there is such a vault or account or not.
      ...services.map(([name, address]) => `address=/${name}/${address}`),
      ...[gitHost, managementHost, storageSuffix, ...services.map(([name]) => name)].map((name) => `local=/${name}/`),
      ...hosts.names.map((name) => `nftset=/${name}/4#ip#${table}#${packageSet}`),
      rulesLine(hosts),
    ],
  );
}

export async function ensurePrivateResolver(
  stateDir: string,
  world: World,
  network: VirtualNetwork,
  hosts: PackageHosts,
): Promise<void> {
  await ensureResolver(stateDir, netnsName(network.id), privateResolverText(world, network, hosts));
}

export async function ensurePublicResolver(
  stateDir: string,
  world: Pick<World, "zones">,
  hosts: PackageHosts,
): Promise<void> {
  await ensureResolver(stateDir, internet, publicResolverText(world, hostNameservers(), hosts));
}

async function ensureResolver(stateDir: string, namespace: string, configuration: string): Promise<void> {
  const name = `resolver-${namespace}`;
  const file = join(runDirectory(stateDir), `${name}.conf`);
  if (!existsSync(file) || readFileSync(file, "utf8") !== configuration) writeFileSync(file, configuration);
  await ensureService(stateDir, {
    name,
    namespace,
    command: ["dnsmasq", "--keep-in-foreground", `--conf-file=${file}`],
    version: createHash("sha256").update(configuration).digest("hex").slice(0, 16),
    port: 53,
  });
}

function text(
  address: string,
  upstream: readonly string[],
  zones: readonly DnsZone[],
  more: readonly string[],
): string {
  return [
    "no-resolv",
    "no-hosts",
    "pid-file=",
    "bind-interfaces",
    `listen-address=${address}`,
    "bogus-priv",
    "cache-size=1000",
    "dns-forward-max=1000",
    // A name that was missing a moment ago may be a record now.
    "no-negcache",
    ...upstream.map((server) => `server=${server}`),
    ...more,
    ...zones.flatMap(zoneLines).sort(),
    "",
  ].join("\n");
}

function zoneLines(zone: DnsZone): string[] {
  const records = zone.records.flatMap(({ name, type, ttl, values }) => {
    if (type === "TXT") return values.map((value) => `txt-record=${fullName(name, zone)},${quoted(value)}`);
    if (type === "CNAME")
      return values.map((value) => `cname=${fullName(name, zone)},${value.replace(/\.$/, "")},${ttl}`);
    if (name === "*" || name.startsWith("*."))
      return values.map((value) => `address=/${fullName(name, zone)}/${value}`);
    return values.map((value) => `host-record=${fullName(name, zone)},${value},${ttl}`);
  });
  // A name that the zone does not have does not exist; it is not asked elsewhere.
  return [`local=/${zone.name}/`, ...records];
}

function fullName(name: string, zone: DnsZone): string {
  return name === "@" || name === "" ? zone.name : `${name}.${zone.name}`;
}

function quoted(value: string): string {
  return `"${value.replaceAll(/["\\\n]/g, "")}"`;
}

/** The host's name servers, without a local stub that no namespace could reach. */
function hostNameservers(): string[] {
  const files = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
  for (const file of files) {
    const servers = existsSync(file)
      ? nameservers(readFileSync(file, "utf8")).filter((server) => !server.startsWith("127."))
      : [];
    if (servers.length > 0) return servers;
  }
  throw new Error(
    `no name server for the lab: ${files.join(" and ")} name none with an IPv4 address outside 127.0.0.0/8`,
  );
}
