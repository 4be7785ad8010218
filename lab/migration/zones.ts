/** The zone files of the domain, as the old provider has them, and as they come into the project. Pure. */
import { oldHost, oldHostAddress, oldNameServers } from "../fabric/addresses.ts";
import { hosts, type Outside, type Stack } from "./steps.ts";

/** Domains of the environments. */
export const domains: Readonly<Record<Stack, string>> = {
  dev: "dev.chatbot.example",
  tools: "tools.chatbot.example",
  prod: "chatbot.example",
};

/** Name servers of zones at Azure, by stack, as far as they stand. */
export type NameServers = Partial<Record<Stack, readonly string[]>>;

/** The stack whose domain is the registry's. */
export const registered = (all: boolean): Stack => (all ? "prod" : "dev");

/** Hosts are aliases of the old host: such a record changes at Azure without a moment in between (docs/dns.md). */
const alias = (name: string, ttl: number) => `${name} ${ttl} CNAME ${oldHost}.`;

/**
 * The zone files by stack. The first one is what the old provider has.
 *
 * @param all dev's and tools' hosts are in the domain's own zone at the old provider, as long as it does not name their zones.
 */
export function zoneFiles(
  all: boolean,
  { timeToLive, subZones }: Pick<Outside, "timeToLive" | "subZones">,
  nameServers: NameServers,
): Partial<Record<Stack, string>> {
  const label = (host: string, stack: Stack) => host.slice(0, -domains[stack].length - 1);
  const own = (stack: Stack) => Object.values(hosts[stack]).map((host) => alias(label(host, stack), timeToLive));
  const zone = (...records: string[]) =>
    [
      `$TTL ${timeToLive}`,
      "@ 300 SOA ns1.old.example. hostmaster.old.example. 1 3600 300 2419200 5",
      ...oldNameServers.map(({ name }) => `@ 60 NS ${name}`),
      "@ 3600 MX 10 mail.old.example.",
      '@ 3600 TXT "v=spf1 mx -all"',
      ...records,
      "",
    ].join("\n");
  if (!all)
    // One of the two names is an address, which becomes another one at Azure.
    return { dev: zone(alias("www", timeToLive), `api ${timeToLive} A ${oldHostAddress}`) };
  const below = (["dev", "tools"] as const).flatMap((stack) => {
    if (!subZones) return Object.values(hosts[stack]).map((host) => alias(label(host, "prod"), timeToLive));
    const servers = nameServers[stack] ?? [];
    if (servers.length === 0) throw new Error(`the name servers of ${domains[stack]} at Azure are not known`);
    return servers.map((server) => `${stack} 60 NS ${server.replace(/\.?$/, ".")}`);
  });
  const zones = { dev: own("dev"), tools: own("tools"), prod: [...own("prod"), ...below] };
  return { prod: zone(...zones.prod), dev: zone(...zones.dev), tools: zone(...zones.tools) };
}
