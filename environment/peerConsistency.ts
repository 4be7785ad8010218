/**
 * Checks of what a stack file says of other environments of the project: entry, forwards, peers, and hosts that several
 * would answer. Every stack checks its own side; both sides of what is wrong between two are told, each in its file.
 */
import { covers, labelInDomain } from "./hostNames.ts";
import { check, show, type Mistake } from "./mistakes.ts";
import { same } from "./peers.ts";
import { flowSchema, type Flow } from "./peerSchema.ts";
import { forwardSchema, type Forward } from "./reverseProxySchema.ts";
import { environmentSchema, type Environment } from "./schema.ts";
import type { Sibling } from "./siblings.ts";
import { asArray, asObject } from "./untyped.ts";

/** Another environment whose file is valid by itself. */
interface Other {
  file: string;
  environment: Environment;
}

/** What is wrong between the environment and others. It may be anything. */
export function checkPeers(
  root: string,
  environment: Record<string, unknown>,
  siblings: readonly Sibling[],
): Mistake[] {
  const others = siblings.flatMap(({ file, environment: value }): Other[] => {
    const { data } = environmentSchema.safeParse(value);
    return data ? [{ file, environment: data }] : [];
  });
  const find = (name: string) => others.find((other) => other.environment.name === name);
  /** The mistake of naming an environment that is none, or whose file has mistakes of its own; none where it can be named. */
  const unknown = (path: string, name: string): Mistake[] => {
    if (find(name)) return [];
    const sibling = siblings.find((one) => asObject(one.environment)["name"] === name);
    const mistakes = sibling ? check(environmentSchema, root, sibling.environment) : [];
    const names = others.map((other) => other.environment.name).sort();
    return [
      {
        path,
        given: show(name),
        allowed:
          sibling && mistakes[0]
            ? `an environment whose file has no mistake; ${sibling.file} has ${mistakes.length}, the first at ${mistakes[0].path}`
            : `the name of another environment of the project: ${names.join(", ") || "there is none"}`,
      },
    ];
  };
  return [
    ...checkEntry(root, environment, find, unknown),
    ...checkForwards(root, environment, find, unknown),
    ...checkHosts(root, environment, others),
    ...checkFlows(root, environment, find, unknown),
  ];
}

type Find = (name: string) => Other | undefined;
type Unknown = (path: string, name: string) => Mistake[];

/** The items of a list that are valid by themselves, each with its place. */
function valid<Item>(
  path: string,
  values: unknown,
  parse: (value: unknown) => Item | undefined,
): { at: string; item: Item }[] {
  return asArray(values).flatMap((value, index) => {
    const item = parse(value);
    return item === undefined ? [] : [{ at: `${path}[${index}]`, item }];
  });
}

const forwardsOf = (root: string, environment: Record<string, unknown>) =>
  valid<Forward>(
    `${root}.reverseProxy.forwards`,
    asObject(environment["reverseProxy"])["forwards"],
    (value) => forwardSchema.safeParse(value).data,
  );

const hostsOf = (root: string, environment: Record<string, unknown>) =>
  valid<string>(`${root}.reverseProxy.routes`, asObject(environment["reverseProxy"])["routes"], (value) => {
    const { host } = asObject(value);
    return typeof host === "string" ? host : undefined;
  });

function checkEntry(root: string, environment: Record<string, unknown>, find: Find, unknown: Unknown): Mistake[] {
  const { entry, public: isPublic } = asObject(environment["reverseProxy"]);
  const path = `${root}.reverseProxy.entry`;
  if (isPublic === false && entry === undefined) {
    return [
      {
        path: `${root}.reverseProxy.public`,
        given: "false",
        allowed: "false only beside an `entry`, the environment through which this one is reached",
      },
    ];
  }
  const { name } = environment;
  if (typeof entry !== "string" || typeof name !== "string") return [];
  const other = find(entry);
  if (!other) return unknown(path, entry);
  const { reverseProxy, domain } = other.environment;
  const wrong = (allowed: string): Mistake[] => [{ path, given: show(entry), allowed }];
  if (reverseProxy.entry !== undefined) {
    return wrong(
      `an environment that has no entry itself, since there is one way in; ${other.file} says entry: ${reverseProxy.entry}`,
    );
  }
  const domains = reverseProxy.forwards.filter((forward) => forward.environment === name).map((one) => one.domain);
  if (domains.length === 0) {
    return wrong(
      `an environment that forwards to ${name}; ${other.file} needs {domain: ${String(environment["domain"])}, ` +
        `environment: ${name}} in reverseProxy.forwards`,
    );
  }
  return hostsOf(root, environment).flatMap(({ at, item: host }): Mistake[] => {
    const mistake = (allowed: string) => [{ path: `${at}.host`, given: show(host), allowed }];
    if (!domains.some((one) => labelInDomain(host, one) !== undefined)) {
      return mistake(`a host in what ${entry} forwards to ${name}: ${domains.join(", ")}; more of it in ${other.file}`);
    }
    return host === environment["domain"] && environment["publicZone"] !== false
      ? mistake(
          `a name below ${host}; behind an entry a host is an alias of entry.${domain}, and no zone has one at its top`,
        )
      : [];
  });
}

function checkForwards(root: string, environment: Record<string, unknown>, find: Find, unknown: Unknown): Mistake[] {
  const { name } = environment;
  const forwards = forwardsOf(root, environment);
  const wrong = (path: string, given: unknown, allowed: string): Mistake[] => [{ path, given: show(given), allowed }];
  const mistakes = forwards.flatMap(({ at, item: { domain, environment: target } }, index): Mistake[] => {
    const nested = forwards
      .slice(0, index)
      .find(({ item }) => labelInDomain(domain, item.domain) !== undefined || labelInDomain(item.domain, domain));
    if (nested) {
      return wrong(
        `${at}.domain`,
        domain,
        `a domain that neither lies in another forward's nor contains it; ${nested.at.split(".").at(-1)} has ` +
          `${nested.item.domain}, with every name below it`,
      );
    }
    const other = find(target);
    if (!other) return unknown(`${at}.environment`, target);
    const { routes, entry } = other.environment.reverseProxy;
    if (entry !== undefined && entry !== name) {
      return wrong(
        `${at}.environment`,
        target,
        `an environment whose entry is this one; ${other.file} says entry: ${entry}, and an environment has one entry`,
      );
    }
    const hosts = routes.map(({ host }) => host);
    return hosts.some((host) => labelInDomain(host, domain) !== undefined)
      ? []
      : wrong(
          `${at}.domain`,
          domain,
          `a domain in which ${target} serves a host; ${other.file} has ${hosts.join(", ") || "no routes"}`,
        );
  });
  const hidden = hostsOf(root, environment).flatMap(({ at, item: host }) => {
    const forward = forwards.find(({ item: { domain } }) => labelInDomain(host, domain) !== undefined)?.item;
    return forward
      ? wrong(
          `${at}.host`,
          host,
          `a host outside of ${forward.domain}, which goes to ${forward.environment} with every name below it`,
        )
      : [];
  });
  return [...mistakes, ...hidden];
}

/** A host is one environment's, and no wildcard of one stands for a host of another. */
function checkHosts(root: string, environment: Record<string, unknown>, others: readonly Other[]): Mistake[] {
  const forwards = forwardsOf(root, environment).map(({ item }) => item);
  return hostsOf(root, environment).flatMap(({ at, item: host }) =>
    others.flatMap(({ file, environment: other }): Mistake[] => {
      const wrong = (allowed: string) => [{ path: `${at}.host`, given: show(host), allowed }];
      const { routes, forwards: theirs } = other.reverseProxy;
      /** Exact names go before wildcards, so that what is forwarded is not hidden. */
      const reaches = (all: readonly Forward[], to: unknown, name: string) =>
        all.some((one) => one.environment === to && labelInDomain(name, one.domain) !== undefined);
      return routes.flatMap(({ host: their }) => {
        if (their === host) return wrong(`a host of its own; ${file} has it already`);
        if (covers(host, their) && !reaches(forwards, other.name, their))
          return wrong(`a wildcard that hides no host of another environment; ${file} has ${their}`);
        if (covers(their, host) && !reaches(theirs, environment["name"], host))
          return wrong(`a host that no wildcard of another environment hides; ${file} has ${their}`);
        return [];
      });
    }),
  );
}

function checkFlows(root: string, environment: Record<string, unknown>, find: Find, unknown: Unknown): Mistake[] {
  return Object.entries(asObject(environment["peers"])).flatMap(([name, value]): Mistake[] => {
    const path = `${root}.peers.${name}`;
    const other = find(name);
    if (!other) return unknown(path, name);
    const here = { file: "this file", tiers: tiersOf(environment["tiers"]) };
    const there = { file: other.file, tiers: tiersOf(other.environment.tiers) };
    return (["reaches", "admits"] as const).flatMap((direction) => {
      const flows = valid<Flow>(
        `${path}.${direction}`,
        asObject(value)[direction],
        (flow) => flowSchema.safeParse(flow).data,
      );
      const [caller, called] = direction === "reaches" ? [here, there] : [there, here];
      return flows.flatMap(({ at, item }, index) => {
        const first = flows.findIndex((flow) => same(flow.item, item));
        return first < index
          ? [{ path: at, given: show(item), allowed: `each of them once; ${direction}[${first}] has it already` }]
          : checkFlow(at, item, caller, called);
      });
    });
  });
}

/** Tiers with the ports at which others may call them, as far as they are numbers. */
interface Tiers {
  file: string;
  tiers: ReadonlyMap<string, number[]>;
}

const reverseProxyPorts = [22, 80];

function tiersOf(tiers: unknown): ReadonlyMap<string, number[]> {
  const ports = (tier: unknown) => {
    const { port, additionalPorts } = asObject(tier);
    return [port, ...asArray(additionalPorts)].filter((one) => typeof one === "number");
  };
  return new Map([
    ...Object.entries(asObject(tiers)).map(([name, tier]) => [name, ports(tier)] as const),
    ["reverse-proxy", reverseProxyPorts],
  ]);
}

function checkFlow(path: string, { from, to, port }: Flow, caller: Tiers, called: Tiers): Mistake[] {
  const tierText = ({ file, tiers }: Tiers) => `a tier of ${file}, or reverse-proxy: ${[...tiers.keys()].join(", ")}`;
  const ports = called.tiers.get(to);
  return [
    ...(caller.tiers.has(from) ? [] : [{ path: `${path}.from`, given: show(from), allowed: tierText(caller) }]),
    ...(ports ? [] : [{ path: `${path}.to`, given: show(to), allowed: tierText(called) }]),
    ...(ports && !ports.includes(port)
      ? [
          {
            path: `${path}.port`,
            given: show(port),
            allowed: `a port of ${to} in ${called.file}: ${ports.join(", ") || "it has none"}`,
          },
        ]
      : []),
  ];
}
