/** Checks between the routes of an environment, and of what else a stack file says of their hosts. */
import { covers, labelInDomain, parseLegacy } from "./hostNames.ts";
import { show, type Mistake } from "./mistakes.ts";
import type { Sibling } from "./siblings.ts";
import type { PartialTier } from "./tierConsistency.ts";
import { asArray, asObject } from "./untyped.ts";

/** Every mistake in the routes of an environment, in its `tls.given` and in its `dns.target`. It may be anything. */
export function checkRoutes(
  root: string,
  environment: Record<string, unknown>,
  tiers: readonly PartialTier[],
  siblings: readonly Sibling[],
): Mistake[] {
  const { tls } = asObject(environment["reverseProxy"]);
  const routes = routesOf(environment);
  const given = asArray(asObject(tls)["given"]);
  const { target } = asObject(environment["dns"]);
  return [
    ...routes.flatMap((_, index) => checkRoute(`${root}.reverseProxy.routes[${index}]`, routes, index, tiers)),
    ...checkGiven(`${root}.reverseProxy.tls.given`, given, hostsWithTls(environment, siblings)),
    ...checkDnsChallenges(`${root}.reverseProxy.tls.acme`, environment, siblings),
    ...checkTargets(`${root}.dns.target`, Object.keys(asObject(target)), hostsOf(environment), environment["domain"]),
  ];
}

const routesOf = (environment: Record<string, unknown>) =>
  asArray(asObject(environment["reverseProxy"])["routes"]).map(asObject);

const hostsOf = (environment: Record<string, unknown>): unknown[] => routesOf(environment).map(({ host }) => host);

function checkRoute(
  path: string,
  routes: readonly Record<string, unknown>[],
  index: number,
  tiers: readonly PartialTier[],
): Mistake[] {
  const { host, tier, legacy, share } = routes[index] ?? {};
  const hosts = routes.map((route) => route["host"]);
  const wrong = (field: string, given: unknown, allowed: string): Mistake[] => [
    { path: `${path}${field}`, given: show(given), allowed },
  ];
  const first = hosts.indexOf(host);
  const target = tiers.find(({ name }) => name === tier);
  const { address = "" } = typeof legacy === "string" ? (parseLegacy(legacy) ?? {}) : {};
  const back = hosts.find((one) => typeof one === "string" && (one === address || covers(one, address)));
  return [
    ...(host !== undefined && first < index
      ? wrong(".host", host, `one route for each host; routes[${first}] has it already`)
      : []),
    ...(tier === undefined && legacy === undefined
      ? wrong("", routes[index], "a tier, or a legacy address, or both")
      : []),
    ...(share !== undefined && (tier === undefined || legacy === undefined)
      ? wrong(
          ".share",
          share,
          `a share only between a tier and a legacy address; set \`${tier === undefined ? "tier" : "legacy"}\`, or leave ` +
            "`share` out",
        )
      : []),
    ...(typeof tier === "string" && !target?.hasPort
      ? wrong(
          ".tier",
          tier,
          target ? "a tier that has a port" : `a tier of this environment: ${tiers.map(({ name }) => name).join(", ")}`,
        )
      : []),
    // Once the public address is switched, such a name leads to the reverse proxies themselves.
    ...(back === undefined
      ? []
      : wrong(
          ".legacy",
          legacy,
          `an address that stays the old service's; ${show(back)} has a route here, by which requests would come back`,
        )),
  ];
}

/** Hosts whose TLS ends at the environment's reverse proxies, of those in stack files that may have mistakes. */
function hostsWithTls(environment: Record<string, unknown>, siblings: readonly Sibling[]): unknown[] {
  const { entry, public: isPublic = entry === undefined } = asObject(environment["reverseProxy"]);
  const behind = siblings
    .map((sibling) => asObject(sibling.environment))
    .filter((other) => asObject(other["reverseProxy"])["entry"] === environment["name"]);
  return [...(isPublic === true ? [environment] : []), ...behind].flatMap(hostsOf);
}

function checkGiven(path: string, given: readonly unknown[], hosts: readonly unknown[]): Mistake[] {
  return given.flatMap((host, index) => {
    const wrong = (allowed: string) => [{ path: `${path}[${index}]`, given: show(host), allowed }];
    const first = given.indexOf(host);
    if (first < index) return wrong(`each of them once; given[${first}] has it already`);
    return hosts.includes(host)
      ? []
      : wrong(`a host of a route whose TLS ends at these reverse proxies: ${hosts.join(", ") || "there is none"}`);
  });
}

/** By dns-01 the reverse proxies write TXT records, which they may in their own zone only. */
function checkDnsChallenges(
  path: string,
  environment: Record<string, unknown>,
  siblings: readonly Sibling[],
): Mistake[] {
  const { acme, given } = asObject(asObject(environment["reverseProxy"])["tls"]);
  const { domain } = environment;
  if (acme === undefined || typeof domain !== "string") return [];
  const zones = [environment, ...siblings.map((sibling) => asObject(sibling.environment))]
    .filter(({ publicZone }) => publicZone !== false)
    .map((one) => one["domain"])
    .filter((zone) => typeof zone === "string")
    .sort((a, b) => b.length - a.length);
  const zoneOf = (host: string) => zones.find((zone) => labelInDomain(host.replace(/^\*\./, ""), zone) !== undefined);
  const isByDns = (host: string) => host.startsWith("*.") || asObject(acme)["challenge"] === "dns-01";
  return hostsWithTls(environment, siblings)
    .filter((host) => typeof host === "string")
    .filter((host) => isByDns(host) && !asArray(given).includes(host) && zoneOf(host) !== domain)
    .map((host) => ({
      path,
      given: `dns-01 for ${host}`,
      allowed:
        `dns-01 for hosts of ${domain} only, and with its \`publicZone\`: the TXT record is written there. Name ${host} in ` +
        "`tls.given`, and put its certificate into the vault (docs/certificates.md)",
    }));
}

function checkTargets(path: string, targets: readonly string[], hosts: readonly unknown[], domain: unknown): Mistake[] {
  const allowed = hosts.filter(
    (host) => typeof host === "string" && typeof domain === "string" && labelInDomain(host, domain) !== undefined,
  );
  return targets
    .filter((host) => !allowed.includes(host))
    .map((host) => ({
      path: `${path}.${host}`,
      given: host,
      allowed: `a host of a route in ${String(domain)}: ${allowed.join(", ") || "there is none"}`,
    }));
}
