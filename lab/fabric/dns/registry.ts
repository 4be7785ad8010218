/**
 * The registry of `example.`: who serves which domain. It has the names of everything else in the lab's Internet as well,
 * Azure's name servers among them. Pure.
 */
import {
  azureNameServers,
  azurePools,
  managementHost,
  nameServerDomains,
  storageSuffix,
  vaultSuffix,
} from "../../serviceNames.ts";
import type { DnsZone } from "../../world.ts";
import {
  acmeAddress,
  acmeHost,
  managementAddress,
  oldHost,
  oldHostAddress,
  oldNameServers,
  poolAddresses,
  registryAddress,
  storageAddress,
  vaultAddress,
} from "../addresses.ts";
import { record, type ServedZone } from "./zoneText.ts";

/** The registry's own domain. */
export const registryDomain = "example";

/** The two that can serve a domain: the provider from before, and Azure. */
export const providers = ["old", "azure"] as const;
export type Provider = (typeof providers)[number];

/** By domain: the provider, where somebody has said which. */
export type Registrations = Readonly<Record<string, Provider>>;

/** Seconds for which resolvers keep what the registry says; on the Internet it is a day or two. */
const ttl = 60;
/** Seconds for which resolvers keep that the registry has no such domain. */
const negativeTtl = 5;

const registryServer = `ns.registry.${registryDomain}.`;

/** Names of the lab's Internet that are in nobody's zone. Names below a service's suffix are all there. */
const hosts: readonly (readonly [string, string])[] = [
  [registryServer, registryAddress],
  ...oldNameServers.map(({ name, address }) => [name, address] as const),
  [`${acmeHost}.`, acmeAddress],
  [`${oldHost}.`, oldHostAddress],
  [`*.${oldHost}.`, oldHostAddress],
  [`${managementHost}.`, managementAddress],
  [`${vaultSuffix}.`, vaultAddress],
  [`*.${vaultSuffix}.`, vaultAddress],
  [`blob.${storageSuffix}.`, storageAddress],
  [`*.blob.${storageSuffix}.`, storageAddress],
];

const start = (name: string, server: string): ServedZone["records"] => [
  record("@", "SOA", ttl, `${server} hostmaster.${name}. 1 3600 300 2419200 ${negativeTtl}`),
  record("@", "NS", ttl, server),
];

/** The zones of the registry's server. */
export function registryZones(zones: readonly DnsZone[], registrations: Registrations): ServedZone[] {
  return [
    {
      name: registryDomain,
      records: [
        ...start(registryDomain, registryServer),
        ...hosts.map(([name, address]) => record(name, "A", ttl, address)),
        ...delegations(zones, registrations).map(({ domain, servers }) => record(`${domain}.`, "NS", ttl, ...servers)),
      ],
    },
    ...nameServerDomains.map((name, index) => ({
      name,
      records: [
        ...start(name, registryServer),
        ...azurePools.map((pool) => record(azureNameServers(pool)[index]!, "A", ttl, poolAddresses(pool)[index]!)),
      ],
    })),
  ];
}

export interface Delegation {
  domain: string;
  provider: Provider;
  /** Names of its name servers. */
  servers: string[];
}

/**
 * The domains that the registry knows, by name. One below another is none of them: it is found where its parent's zone
 * delegates it, and nowhere else.
 */
export function delegations(zones: readonly DnsZone[], registrations: Registrations): Delegation[] {
  const atAzure = new Map(
    zones
      .filter(({ name, private: isPrivate }) => !isPrivate && isRegistrable(name.toLowerCase()))
      // Of zones of the same name the first one.
      .reverse()
      .map((zone) => [zone.name.toLowerCase(), azureNameServers(zone.pool)] as const),
  );
  const domains = new Set([
    ...[...atAzure.keys()].filter((domain) => registrations[domain] !== "old"),
    ...Object.keys(registrations).filter((domain) => registrations[domain] === "old"),
  ]);
  return [...domains]
    .filter((domain) => ![...domains].some((other) => domain.endsWith(`.${other}`)))
    .sort()
    .map((domain) =>
      registrations[domain] === "old"
        ? { domain, provider: "old", servers: oldNameServers.map(({ name }) => name) }
        : { domain, provider: "azure", servers: atAzure.get(domain) ?? [] },
    );
}

/** Whether it is a domain below the registry's that the lab does not need for itself. */
export function isRegistrable(domain: string): boolean {
  const own = hosts.map(([name]) => `.${name.replace(/^\*\./, "").replace(/\.$/, "")}`);
  return (
    domain.endsWith(`.${registryDomain}`) &&
    !own.some((name) => `.${domain}`.endsWith(name) || name.endsWith(`.${domain}`))
  );
}
