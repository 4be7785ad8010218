/**
 * Resolvers. One per network on Azure's address, by dnsmasq, with the private zones linked to the network. Those of the
 * lab's Internet follow delegations from the registry on (dns/), by Unbound; what is not the lab's they ask of dnsmasq,
 * which asks the host's own name servers.
 *
 * Limits of dnsmasq: an alias (CNAME) of a private zone leads only to a name that the same resolver knows; private zones
 * have no SOA records.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DnsRecordSet, DnsZone, VirtualNetwork, World } from "../world.ts";
import { readIfThere } from "../files.ts";
import { acmeResolver, azureAddress, cappingResolver, publicResolver, stubbornResolver } from "./addresses.ts";
import { nameservers } from "./conflicts.ts";
import { unboundText, type Resolver } from "./dns/configuration.ts";
import { dnsProgram } from "./dns/programs.ts";
import { run } from "./host.ts";
import { internetChains, packageSet } from "./internet.ts";
import type { PackageHosts } from "./packageHosts.ts";
import { rulesHash, table } from "./ruleset.ts";
import { ensureService, runDirectory } from "./service.ts";
import { internet, netnsName } from "./names.ts";

/** Where what is not the lab's is asked of the host's name servers, in the lab's Internet alone. */
const forwarder = { address: "127.0.0.1", port: 5300 };

/** The resolvers of the lab's Internet, by the ends of their processes' names. */
const resolvers: Readonly<Record<string, Pick<Resolver, "address" | "keeping">>> = {
  "": { address: publicResolver, keeping: {} },
  "-capping": { address: cappingResolver, keeping: { atMost: 30 } },
  "-stubborn": { address: stubbornResolver, keeping: { atLeast: 300 } },
  "-acme": { address: acmeResolver, keeping: { atMost: 1 } },
};

const noHosts: PackageHosts = { names: [], addresses: [] };

/**
 * Rules of the lab's Internet that are made anew have an empty set of addresses. So every resolver starts anew with them,
 * without its cache: an answer out of it would not get to the set.
 */
const rulesLine = (hosts: PackageHosts): string => `# rules ${rulesHash(internetChains(hosts))}`;

/** Configuration of a network's resolver. */
export function privateResolverText(world: World, network: VirtualNetwork, hosts: PackageHosts = noHosts): string {
  const zones = world.zones.filter((zone) => zone.private && zone.networkIds.includes(network.id));
  return text({ address: azureAddress, port: 53 }, [publicResolver], zones, [rulesLine(hosts)]);
}

/**
 * Configuration of the forwarder; `upstream` are the host's name servers. What it finds out about package hosts goes to
 * the set of addresses that may be reached, before the answer goes to the machine.
 */
export function forwarderText(upstream: readonly string[], hosts: PackageHosts = noHosts): string {
  return text(
    forwarder,
    upstream,
    [],
    [...hosts.names.map((name) => `nftset=/${name}/4#ip#${table}#${packageSet}`), rulesLine(hosts)],
  );
}

export async function ensurePrivateResolver(
  stateDir: string,
  world: World,
  network: VirtualNetwork,
  hosts: PackageHosts,
): Promise<void> {
  const namespace = netnsName(network.id);
  const configuration = privateResolverText(world, network, hosts);
  await ensureDnsmasq(stateDir, `resolver-${namespace}`, namespace, { address: azureAddress, port: 53 }, configuration);
}

/** The resolvers of the lab's Internet, and what they ask. */
export async function ensurePublicResolvers(
  stateDir: string,
  hosts: PackageHosts,
  namespace: string = internet,
): Promise<void> {
  await ensureDnsmasq(stateDir, "resolver-forwarder", namespace, forwarder, forwarderText(hostNameservers(), hosts));
  const program = dnsProgram("unbound");
  for (const [end, { address, keeping }] of Object.entries(resolvers)) {
    const name = `resolver-${internet}${end}`;
    const controlSocket = join(runDirectory(stateDir), `${name}.socket`);
    const configuration = unboundText({
      address,
      keeping,
      forwarder,
      forwarded: hosts.names,
      controlSocket,
      marks: [rulesLine(hosts)],
    });
    await ensureService(stateDir, {
      name,
      namespace,
      command: [program, "-d", "-c", configurationFile(stateDir, name, configuration)],
      version: versionOf(configuration),
      port: 53,
      address,
    });
  }
}

/**
 * Has them forget domains: an environment that is removed and built anew is not looked for at its old addresses. On the
 * Internet it is, for the time to live of its records.
 */
export async function forgetDomains(stateDir: string, domains: readonly string[]): Promise<void> {
  for (const end of Object.keys(resolvers)) {
    const file = join(runDirectory(stateDir), `resolver-${internet}${end}.conf`);
    for (const domain of domains) await run([dnsProgram("unbound-control"), "-c", file, "flush_zone", domain]);
  }
}

async function ensureDnsmasq(
  stateDir: string,
  name: string,
  namespace: string,
  { address, port }: Place,
  configuration: string,
): Promise<void> {
  await ensureService(stateDir, {
    name,
    namespace,
    command: ["dnsmasq", "--keep-in-foreground", `--conf-file=${configurationFile(stateDir, name, configuration)}`],
    version: versionOf(configuration),
    port,
    address,
  });
}

function configurationFile(stateDir: string, name: string, configuration: string): string {
  const file = join(runDirectory(stateDir), `${name}.conf`);
  if (readIfThere(file) !== configuration) writeFileSync(file, configuration);
  return file;
}

const versionOf = (configuration: string): string =>
  createHash("sha256").update(configuration).digest("hex").slice(0, 16);

interface Place {
  address: string;
  port: number;
}

function text(
  { address, port }: Place,
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
    `port=${port}`,
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
  const records = zone.records.flatMap(({ name, type, ttl, values }) =>
    values.flatMap((value) => recordLine(fullName(name, zone), type, ttl, value)),
  );
  // A name that the zone does not have does not exist; it is not asked elsewhere.
  return [`local=/${zone.name}/`, ...records];
}

function recordLine(name: string, type: DnsRecordSet["type"], ttl: number, value: string): string[] {
  const [first = "", second = "", third = "", fourth = ""] = value.split(" ").map((part) => part.replace(/\.$/, ""));
  switch (type) {
    case "A":
    case "AAAA":
      return [name.startsWith("*.") ? `address=/${name}/${value}` : `host-record=${name},${value},${ttl}`];
    case "CNAME":
      return [`cname=${name},${first},${ttl}`];
    case "TXT":
      return [`txt-record=${[name, ...strings(value)].join(",")}`];
    case "MX":
      return [`mx-host=${name},${second},${first}`];
    case "SRV":
      return [`srv-host=${name},${fourth},${third},${first},${second}`];
    case "PTR":
      return [`ptr-record=${name},${first}`];
    default:
      return [];
  }
}

/** The strings of a TXT record for dnsmasq, which knows no escapes by number: without quotes and backslashes. */
const strings = (value: string): string[] =>
  [...value.matchAll(/"([^"]*)"/g)].map(([, one = ""]) => `"${one.replaceAll(/\\(034|092)/g, "")}"`);

function fullName(name: string, zone: DnsZone): string {
  return name === "@" || name === "" ? zone.name : `${name}.${zone.name}`;
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
