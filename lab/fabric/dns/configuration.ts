/** Configurations of the name servers. Pure. */
import { gitAddress, gitHost, registryAddress } from "../addresses.ts";
import { nameServerDomains } from "../../serviceNames.ts";
import { registryDomain } from "./registry.ts";

export interface NameServer {
  /** Names its folder and its process. */
  name: string;
  addresses: readonly string[];
  /** Names of its zones; the file of each is `<zone>.zone` in the folder. */
  zones: readonly string[];
  directory: string;
}

/** Of Knot DNS, which is Azure's public DNS and the registry. Zones are read whole: Azure does not count their serials. */
export const knotText = ({ addresses, zones, directory }: NameServer): string =>
  [
    "server:",
    `  rundir: ${quoted(directory)}`,
    `  listen: [ ${addresses.map((address) => `${address}@53`).join(", ")} ]`,
    '  identity: ""',
    '  version: ""',
    "  udp-workers: 1",
    "  tcp-workers: 1",
    "  background-workers: 1",
    "log:",
    "  - target: stderr",
    "    any: warning",
    "database:",
    `  storage: ${quoted(directory)}`,
    "template:",
    "  - id: default",
    `    storage: ${quoted(directory)}`,
    '    file: "%s.zone"',
    "    zonefile-load: whole",
    "    zonefile-sync: -1",
    "    journal-content: none",
    "zone:",
    ...zones.map((zone) => `  - domain: ${quoted(zone)}`),
    "",
  ].join("\n");

/** Of NSD, which is the provider from before. */
export const nsdText = ({ addresses, zones, directory }: NameServer): string =>
  [
    "server:",
    ...addresses.map((address) => `  ip-address: ${address}`),
    "  server-count: 1",
    '  username: ""',
    '  pidfile: ""',
    '  database: ""',
    "  hide-version: yes",
    `  zonesdir: ${quoted(directory)}`,
    `  zonelistfile: ${quoted(`${directory}/zone.list`)}`,
    `  xfrdfile: ${quoted(`${directory}/xfrd.state`)}`,
    "remote-control:",
    "  control-enable: no",
    ...zones.flatMap((zone) => ["zone:", `  name: ${quoted(zone)}`, `  zonefile: ${quoted(`${zone}.zone`)}`]),
    "",
  ].join("\n");

/** How a resolver keeps answers: as it is told, or for other times, in seconds. */
export interface Keeping {
  atLeast?: number;
  atMost?: number;
}

export interface Resolver {
  address: string;
  keeping: Keeping;
  /** Where everything is asked that is not the lab's. */
  forwarder: { address: string; port: number };
  /** Unix socket on which it is told to forget names. */
  controlSocket: string;
  /** Lines that make it start anew when they change. */
  marks: readonly string[];
}

/**
 * Of Unbound, a resolver of the lab's Internet: it follows delegations from the registry on. Absent names and servers that
 * did not answer are forgotten soon, as the lab's other waits are short.
 */
export const unboundText = ({ address, keeping, forwarder, controlSocket, marks }: Resolver): string =>
  [
    ...marks,
    "server:",
    `  interface: ${address}`,
    `  outgoing-interface: ${address}`,
    "  access-control: 0.0.0.0/0 allow",
    "  do-ip6: no",
    "  do-daemonize: no",
    "  use-syslog: no",
    '  logfile: ""',
    '  pidfile: ""',
    '  chroot: ""',
    '  directory: "/"',
    '  username: "nobody"',
    '  module-config: "iterator"',
    "  do-not-query-localhost: no",
    '  target-fetch-policy: "0 0 0 0 0"',
    "  msg-cache-size: 2m",
    "  rrset-cache-size: 4m",
    "  infra-host-ttl: 10",
    "  infra-keep-probing: yes",
    `  cache-max-negative-ttl: ${Math.min(keeping.atMost ?? 5, 5)}`,
    ...(keeping.atLeast === undefined ? [] : [`  cache-min-ttl: ${keeping.atLeast}`]),
    ...(keeping.atMost === undefined ? [] : [`  cache-max-ttl: ${keeping.atMost}`]),
    // It is in a stack's domain, but no stack's.
    `  local-zone: "${gitHost}." static`,
    `  local-data: "${gitHost}. 60 IN A ${gitAddress}"`,
    "remote-control:",
    "  control-enable: yes",
    "  control-use-cert: no",
    `  control-interface: ${quoted(controlSocket)}`,
    ...[registryDomain, ...nameServerDomains].flatMap((name) => [
      "stub-zone:",
      `  name: "${name}."`,
      `  stub-addr: ${registryAddress}`,
    ]),
    "forward-zone:",
    '  name: "."',
    `  forward-addr: ${forwarder.address}@${forwarder.port}`,
    "",
  ].join("\n");

const quoted = (text: string): string => JSON.stringify(text);
