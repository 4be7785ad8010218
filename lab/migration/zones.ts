/** The zone files of the domain, as the old provider has them, and as they come into the project. Pure. */
import { oldHost, oldHostAddress, oldNameServers } from "../fabric/addresses.ts";
import { hosts, type Outside, type Stack } from "./steps.ts";

/** Domains of the environments. */
export const domains: Readonly<Record<Stack, string>> = {
  dev: "dev.chatbot.example",
  tools: "tools.chatbot.example",
  prod: "chatbot.example",
};

/** The stack whose domain is the registry's. */
export const registered = (all: boolean): Stack => (all ? "prod" : "dev");

/** Hosts are aliases of the old host: such a record changes at Azure without a moment in between (docs/dns.md). */
const alias = (name: string, ttl: number) => `${name} ${ttl} CNAME ${oldHost}.`;

/** What the old provider has of the domain, and the zone files by stack as they come into the project. */
export interface ZoneFiles {
  old: string;
  project: Partial<Record<Stack, string>>;
}

/**
 * @param all dev's and tools' hosts are in the domain's one zone at the old provider, and in zones of their own at Azure, to
 *   which the program delegates.
 */
export function zoneFiles(all: boolean, { timeToLive }: Pick<Outside, "timeToLive">): ZoneFiles {
  const label = (host: string, domain: string) => host.slice(0, -domain.length - 1);
  const own = (stack: Stack, domain = domains[stack]) =>
    Object.values(hosts[stack]).map((host) => alias(label(host, domain), timeToLive));
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
  if (!all) {
    // One of the two names is an address, which becomes another one at Azure.
    const dev = zone(alias("www", timeToLive), `api ${timeToLive} A ${oldHostAddress}`);
    return { old: dev, project: { dev } };
  }
  const below = (["dev", "tools"] as const).flatMap((stack) => own(stack, domains.prod));
  const prod = own("prod");
  return {
    old: zone(...prod, ...below),
    project: { prod: zone(...prod), dev: zone(...own("dev")), tools: zone(...own("tools")) },
  };
}
