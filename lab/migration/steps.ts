/**
 * The steps of a migration, as data: what a user changes in the stack files, which stacks are brought up, what changes at the
 * old provider, how one sees that it is well, and whether there is a way back. docs/migration.md tells the same steps; a test
 * compares the names. Pure.
 */
import { oldHost } from "../fabric/addresses.ts";
import type { Provider } from "../fabric/dns/registry.ts";

export const allStacks = ["dev", "tools", "prod"] as const;
export type Stack = (typeof allStacks)[number];

/** Values under `platform:environment` by their paths; null: the line is not there. */
export type Changes = Readonly<Record<string, unknown>>;

/** What is not in a stack file. */
export interface Outside {
  /** Whose name servers the registry names for the domain. */
  registry: Provider;
  /** Of the hosts, at the old provider and in the zone files. */
  timeToLive: number;
  /** The old host answers. */
  oldHost: boolean;
  /** The old provider serves the domain. */
  oldProvider: boolean;
}

/** How one sees that a step is well, besides requests and clients, of whom none may fail in any step. */
export type Check =
  /** `bin/zone compare` finds no difference. */
  | "compared"
  /** `up` refuses the next switch of an address, for the old time to live has not run out. */
  | "refused"
  /** The registry names the name servers that it should. */
  | "delegated"
  /** A client that is told the new address gets a certificate of the host's, which it trusts. */
  | "certificates"
  /** The same, of the authority that is asked by ACME. */
  | "issued"
  /** The environment has no public address of its own any more. */
  | "private";

/** What is waited for before a step. */
export type Wait = "time to live" | "silence";

export interface Step {
  name: string;
  title: string;
  files: Partial<Record<Stack, Changes>>;
  /** Stacks that are brought up, in this order. */
  ups: readonly Stack[];
  outside?: Partial<Outside>;
  waits?: Wait;
  checks: readonly Check[];
  /**
   * Stacks that are brought up with the lines as they were before: the way back. Absent: `ups`. A string: why there is none,
   * or none is needed.
   */
  back?: readonly Stack[] | string;
}

/** Times to live at the old provider: as it was, and lowered for the switch; seconds. Weeks and minutes elsewhere. */
export const oldTimeToLive = 300;
export const timeToLive = 5;

/** Stands for the moment at which the step was made. */
export const now = "<now>";

/** The hosts of the stacks, and the tiers that answer for them. */
export const hosts = {
  dev: { front: "www.dev.chatbot.example", back: "api.dev.chatbot.example" },
  tools: { gitlab: "gitlab.tools.chatbot.example" },
  prod: { front: "www.chatbot.example", back: "api.chatbot.example" },
} as const satisfies Record<Stack, Record<string, string>>;

const hostsOf = (stack: Stack): string[] => Object.values(hosts[stack]);

/** Routes of a stack: to the old host, with the tier's share; without `legacy` where no share is given. */
const routes = (stack: Stack, shares: Record<string, number> = {}): Changes => ({
  "reverseProxy.routes": Object.entries(hosts[stack]).map(([tier, host]) => {
    const share = shares[tier];
    if (share === undefined) return { host, tier };
    return { host, tier, legacy: `https://${oldHost}`, ...(share > 0 ? { share } : {}) };
  }),
});

/** `http://` goes on being answered as the old host answered it; to send it on comes after the migration. */
const tls = (given: readonly string[] = [], acme = given.length > 0): Changes => ({
  "reverseProxy.tls": { redirect: false, ...(acme ? { acme: {} } : {}), ...(given.length > 0 ? { given } : {}) },
});

interface DnsOptions {
  /** There is an old provider of this zone, whose time to live was lowered at some moment or not yet. */
  legacy?: { loweredAt?: string };
  switched?: readonly string[];
}

/** The zone file of a stack: its path in the project is known once the migration begins. */
export const zonePath = (stack: Stack): string => `<zones>/${stack}.zone`;

const dns = (stack: Stack, { legacy, switched = [] }: DnsOptions): Changes => ({
  dns: {
    zoneFile: zonePath(stack),
    timeToLive,
    ...(switched.length > 0 ? { target: Object.fromEntries(switched.map((host) => [host, "azure"])) } : {}),
    ...(legacy
      ? { legacy: { nameServers: ["ns1.old.example", "ns2.old.example"], timeToLive: oldTimeToLive, ...legacy } }
      : {}),
  },
});

const nobodyThere = "none needed: nobody is there yet";

/** As the stack files are, but with the lab's short times, and without an authority while no name leads here. */
export const beginning: Partial<Record<Stack, Changes>> = Object.fromEntries(
  allStacks.map((stack) => [stack, { ...routes(stack), ...tls(), dns: { timeToLive } }]),
);

export const outsideAtFirst: Outside = { registry: "old", timeToLive: oldTimeToLive, oldHost: true, oldProvider: true };

/** Services of dev, one after the other: back ends, then front ends. */
const devServices: Step[] = (
  [
    ["dev-back-tenth", "a tenth of the clients of dev's back ends gets an answer of Azure's", { back: 10, front: 0 }],
    ["dev-back-half", "half of them", { back: 50, front: 0 }],
    ["dev-back", "all of them: dev's back ends have moved", { back: 100, front: 0 }],
    ["dev-front-half", "half of the clients of dev's front ends", { back: 100, front: 50 }],
    ["dev-front", "all of them: dev's front ends have moved", { back: 100, front: 100 }],
  ] as const
).map(([name, title, shares]) => ({ name, title, files: { dev: routes("dev", shares) }, ups: ["dev"], checks: [] }));

const oldHostOff: Step = {
  name: "old-host-off",
  title: "the old host and the old provider are switched off",
  files: {},
  outside: { oldHost: false, oldProvider: false },
  ups: [],
  checks: [],
  back: "none: they are switched on again, at the worst",
};

/** dev alone: its domain is at the old provider, and moves as a whole. */
const devAlone: Step[] = [
  {
    name: "stands",
    title: "the environment stands at Azure, and each of its routes leads to the old host",
    files: { dev: { ...routes("dev", { front: 0, back: 0 }) } },
    ups: ["dev"],
    checks: [],
    back: nobodyThere,
  },
  {
    name: "certificates",
    title: "the reverse proxies have the old host's certificates",
    files: { dev: tls(hostsOf("dev")) },
    ups: ["dev"],
    checks: ["certificates"],
    back: nobodyThere,
  },
  ...devServices,
  {
    name: "dns-zone",
    title: "Azure has the records of old, which nobody asks for there yet",
    files: { dev: dns("dev", { legacy: {} }) },
    ups: ["dev"],
    checks: ["compared"],
  },
  {
    name: "dns-time-to-live",
    title: "the old provider tells resolvers to ask again soon",
    files: { dev: dns("dev", { legacy: { loweredAt: now } }) },
    outside: { timeToLive },
    ups: ["dev"],
    checks: ["compared", "refused"],
  },
  {
    name: "dns-delegation",
    title: "the registry names Azure's name servers",
    files: {},
    outside: { registry: "azure" },
    ups: [],
    checks: ["delegated", "compared"],
  },
  {
    name: "dev-address",
    title: "dev's names have the address at Azure",
    files: { dev: dns("dev", { legacy: { loweredAt: now }, switched: hostsOf("dev") }) },
    ups: ["dev"],
    waits: "time to live",
    checks: ["certificates"],
  },
  {
    name: "old-host-ends",
    title: "nothing leads to the old host and the old provider any more",
    files: { dev: { ...routes("dev"), ...dns("dev", { switched: hostsOf("dev") }) } },
    ups: ["dev"],
    waits: "silence",
    checks: [],
  },
  oldHostOff,
  {
    name: "authority",
    title: "certificates come from the authority",
    files: { dev: tls([], true) },
    ups: ["dev"],
    checks: ["issued"],
    back: "none needed: the old ones stay in use until there are new ones",
  },
];

const behind = [...hostsOf("prod"), ...hostsOf("tools")];

/** dev, production and tools, in the order in which a company does it; production is the only way in at the end. */
const threeEnvironments: Step[] = [
  {
    name: "stands",
    title: "the environments stand at Azure, and each of their routes leads to the old host",
    files: {
      dev: routes("dev", { front: 0, back: 0 }),
      tools: routes("tools", { gitlab: 0 }),
      prod: routes("prod", { front: 0, back: 0 }),
    },
    ups: ["dev", "tools", "prod", "tools"],
    checks: [],
    back: nobodyThere,
  },
  {
    name: "certificates",
    title: "the reverse proxies have the old host's certificates",
    files: { dev: tls(hostsOf("dev")), prod: tls(behind) },
    ups: ["dev", "prod"],
    checks: ["certificates"],
    back: nobodyThere,
  },
  ...devServices,
  {
    name: "prod-half",
    title: "half of production's clients get an answer of Azure's",
    files: { prod: routes("prod", { front: 50, back: 50 }) },
    ups: ["prod"],
    checks: [],
  },
  {
    name: "prod",
    title: "all of them: production's services have moved",
    files: { prod: routes("prod", { front: 100, back: 100 }) },
    ups: ["prod"],
    checks: [],
  },
  {
    name: "tools",
    title: "GitLab has moved, all at once: two of them would have two truths",
    files: { tools: routes("tools", { gitlab: 100 }) },
    ups: ["tools"],
    checks: [],
  },
  {
    name: "dns-zone",
    title: "Azure has the records of old, which nobody asks for there yet",
    files: { prod: dns("prod", { legacy: {} }), dev: dns("dev", {}), tools: dns("tools", {}) },
    ups: ["dev", "tools", "prod"],
    checks: ["compared"],
  },
  {
    name: "dns-time-to-live",
    title: "the old provider tells resolvers to ask again soon",
    files: { prod: dns("prod", { legacy: { loweredAt: now } }) },
    outside: { timeToLive },
    ups: ["dev", "tools", "prod"],
    checks: ["compared", "refused"],
  },
  {
    name: "dns-delegation",
    title: "the registry names Azure's name servers",
    files: {},
    outside: { registry: "azure" },
    ups: [],
    checks: ["delegated", "compared"],
  },
  {
    name: "dev-entry",
    title: "production is a way in for dev as well",
    files: {
      dev: { "reverseProxy.entry": "production", "reverseProxy.public": true },
      // On the way back prod takes its peering with dev away, and a protected stack deletes none.
      prod: { ...tls([...behind, ...hostsOf("dev")]), protect: false },
    },
    ups: ["dev", "prod", "dev"],
    checks: ["certificates"],
    back: ["prod", "dev"],
  },
  {
    name: "prod-address",
    title: "production's names have the address at Azure",
    files: { prod: { ...dns("prod", { legacy: { loweredAt: now }, switched: hostsOf("prod") }), protect: true } },
    ups: ["prod"],
    waits: "time to live",
    checks: ["certificates"],
  },
  {
    name: "tools-address",
    title: "GitLab's name has production's address",
    files: { tools: dns("tools", { switched: hostsOf("tools") }) },
    ups: ["tools"],
    checks: ["certificates"],
  },
  {
    name: "dev-address",
    title: "dev's names have production's address",
    files: { dev: dns("dev", { switched: hostsOf("dev") }) },
    ups: ["dev"],
    checks: ["certificates"],
  },
  {
    name: "dev-private",
    title: "dev has no public address of its own any more",
    // Its TLS ends at production now.
    files: { dev: { "reverseProxy.public": null, ...tls([], true) } },
    ups: ["dev"],
    checks: ["certificates", "private"],
  },
  {
    name: "old-host-ends",
    title: "nothing leads to the old host and the old provider any more",
    files: {
      dev: routes("dev"),
      tools: routes("tools"),
      prod: { ...routes("prod"), ...dns("prod", { switched: hostsOf("prod") }) },
    },
    ups: ["dev", "tools", "prod"],
    waits: "silence",
    checks: [],
  },
  oldHostOff,
  {
    name: "authority",
    title: "certificates come from the authority",
    files: { prod: tls([], true) },
    ups: ["prod"],
    checks: ["issued"],
    back: "none needed: the old ones stay in use until there are new ones",
  },
];

/** @param all The three environments, else dev alone. */
export const stepsOf = (all: boolean): Step[] => (all ? threeEnvironments : devAlone);

/** Those that are judged where nobody says which: of the three environments not what dev alone shows already. */
export const usuallyJudged = (all: boolean): Step[] =>
  stepsOf(all).filter((step) => !(all && devServices.includes(step)));

/** What stands at a point of the migration. */
export interface State {
  files: Readonly<Record<Stack, Changes>>;
  outside: Outside;
}

/** What stands before the first step: the services run on the old host, and nothing of it is known here. */
export const stateAtFirst: State = { files: { dev: {}, tools: {}, prod: {}, ...beginning }, outside: outsideAtFirst };

export const stateAfter = (state: State, { files, outside }: Pick<Step, "files" | "outside">): State => ({
  files: {
    dev: { ...state.files.dev, ...files.dev },
    tools: { ...state.files.tools, ...files.tools },
    prod: { ...state.files.prod, ...files.prod },
  },
  outside: { ...state.outside, ...outside },
});

/** States before each step, and after the last one. */
export function statesOf(steps: readonly Step[]): State[] {
  const states = [stateAtFirst];
  for (const step of steps) states.push(stateAfter(states.at(-1)!, step));
  return states;
}
