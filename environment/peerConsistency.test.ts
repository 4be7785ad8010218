import { expect, test } from "vitest";
import type { Sibling } from "./siblings.ts";
import { mistakes, type Json } from "./testing/mistakes.ts";
import { committed } from "./testing/stacks.ts";

const at = "platform:environment";

type Environment = Json & { reverseProxy: Json; tiers: Record<string, Json> };
type Changes = Partial<Record<"dev" | "prod" | "tools", (environment: Environment) => void>>;

/** Mistakes that a committed stack is told, beside the others, after changes of some. */
function told(stack: "dev" | "prod" | "tools", changes: Changes = {}) {
  const [own, ...siblings] = [stack, ...(["dev", "prod", "tools"] as const).filter((name) => name !== stack)].map(
    (name): Sibling => {
      const environment = committed(name) as Environment;
      changes[name]?.(environment);
      return { file: `Pulumi.${name}.yaml`, environment };
    },
  );
  return mistakes({ environment: own?.environment, siblings });
}

const proxies =
  (fields: Json) =>
  ({ reverseProxy }: Environment) =>
    void Object.assign(reverseProxy, fields);
const peers = (fields: Json) => (environment: Environment) => void Object.assign(environment, { peers: fields });

const toTools = { domain: "tools.chatbot.example", environment: "tools" };
const toDev = { domain: "dev.chatbot.example", environment: "development" };
const runner = { from: "runner", to: "reverse-proxy", port: 22 };

test.each([
  ["entry", proxies({ entry: "staging" }), ".reverseProxy.entry"],
  ["forward", proxies({ forwards: [{ ...toTools, environment: "staging" }] }), ".reverseProxy.forwards[0].environment"],
  ["peer", peers({ staging: {} }), ".peers.staging"],
])("an environment that is none is nobody's %s", (_, change, path) => {
  expect(told("dev", { dev: change })).toEqual([
    [at + path, '"staging"', "the name of another environment of the project: production, tools"],
  ]);
});

test("an environment is not its own entry, and one whose file has mistakes is named with them", () => {
  expect(told("dev", { dev: proxies({ entry: "development" }) })[0]?.[0]).toBe(`${at}.reverseProxy.entry`);
  const broken = (environment: Environment) => void Object.assign(environment, { zones: ["4"], protect: "no" });
  const allowed = `an environment whose file has no mistake; Pulumi.prod.yaml has 2, the first at ${at}.protect`;
  expect(told("tools", { prod: broken })).toEqual([
    [`${at}.reverseProxy.entry`, '"production"', allowed],
    [`${at}.peers.production`, '"production"', allowed],
  ]);
});

test("an entry forwards to the environment, and has no entry itself", () => {
  expect(told("tools", { prod: proxies({ forwards: [toDev] }) })).toEqual([
    [
      `${at}.reverseProxy.entry`,
      '"production"',
      "an environment that forwards to tools; Pulumi.prod.yaml needs {domain: tools.chatbot.example, environment: " +
        "tools} in reverseProxy.forwards",
    ],
  ]);
  expect(told("tools", { prod: proxies({ entry: "development" }) })).toEqual([
    [
      `${at}.reverseProxy.entry`,
      '"production"',
      "an environment that has no entry itself, since there is one way in; Pulumi.prod.yaml says entry: development",
    ],
  ]);
});

test("an environment without a public address has an entry", () => {
  expect(told("dev", { dev: proxies({ public: false }) })).toEqual([
    [
      `${at}.reverseProxy.public`,
      "false",
      "false only beside an `entry`, the environment through which this one is reached",
    ],
  ]);
  expect(told("dev", { dev: proxies({ public: false, entry: "production" }) })).toEqual([]);
});

test("hosts behind an entry lie in what it forwards, and are no domain's own name", () => {
  const hosts = ["gitlab.tools.chatbot.example", "wiki.chatbot.example", "tools.chatbot.example"];
  const routes = hosts.map((host) => ({ host, tier: "gitlab" }));
  expect(told("tools", { tools: proxies({ routes }) })).toEqual([
    [
      `${at}.reverseProxy.routes[1].host`,
      '"wiki.chatbot.example"',
      "a host in what production forwards to tools: tools.chatbot.example; more of it in Pulumi.prod.yaml",
    ],
    [
      `${at}.reverseProxy.routes[2].host`,
      '"tools.chatbot.example"',
      "a name below tools.chatbot.example; behind an entry a host is an alias of entry.chatbot.example, and no zone has " +
        "one at its top",
    ],
  ]);
});

test("a forward waits for its environment, but not where that has another entry", () => {
  expect(told("prod")).toEqual([]);
  const second = { dev: proxies({ forwards: [toTools] }) };
  expect(told("dev", second)).toEqual([
    [
      `${at}.reverseProxy.forwards[0].environment`,
      '"tools"',
      "an environment whose entry is this one; Pulumi.tools.yaml says entry: production, and an environment has one entry",
    ],
  ]);
  expect(told("prod", second)).toEqual([]);
});

test("a forward leads to a domain that the other environment serves", () => {
  expect(
    told("prod", { prod: proxies({ forwards: [toTools, { ...toDev, domain: "test.chatbot.example" }] }) }),
  ).toEqual([
    [
      `${at}.reverseProxy.forwards[1].domain`,
      '"test.chatbot.example"',
      "a domain in which development serves a host; Pulumi.dev.yaml has www.dev.chatbot.example, api.dev.chatbot.example",
    ],
  ]);
});

test.each(["chatbot.example", "tools.chatbot.example", "gitlab.tools.chatbot.example"])(
  "%s, which overlaps with what is forwarded already, is not forwarded besides",
  (domain) => {
    const routes = [{ host: "www.example", tier: "front" }];
    expect(told("prod", { prod: proxies({ forwards: [toTools, { ...toTools, domain }], routes }) })).toEqual([
      [
        `${at}.reverseProxy.forwards[1].domain`,
        `"${domain}"`,
        "a domain that neither lies in another forward's nor contains it; forwards[0] has tools.chatbot.example, with " +
          "every name below it",
      ],
    ]);
  },
);

test.each(["www.tools.chatbot.example", "*.tools.chatbot.example", "tools.chatbot.example"])(
  "%s, which goes to another environment, has no route besides",
  (host) => {
    const [mistake] = told("prod", { prod: proxies({ routes: [{ host, tier: "front" }] }) });
    expect(mistake).toEqual([
      `${at}.reverseProxy.routes[0].host`,
      `"${host}"`,
      "a host outside of tools.chatbot.example, which goes to tools with every name below it",
    ]);
  },
);

test("a name in two environments is told in both", () => {
  const routes = [{ host: "www.chatbot.example", tier: "front" }];
  const change = { dev: proxies({ routes }), prod: proxies({ forwards: [toTools] }) };
  const told2 = (file: string) => [
    [`${at}.reverseProxy.routes[0].host`, '"www.chatbot.example"', `a host of its own; ${file} has it already`],
  ];
  expect(told("dev", change)).toEqual(told2("Pulumi.prod.yaml"));
  expect(told("prod", change)).toEqual(told2("Pulumi.dev.yaml"));
});

test("a wildcard hides no host of another environment, unless the host is forwarded: exact names go first", () => {
  const change = {
    dev: proxies({ routes: [{ host: "new.chatbot.example", tier: "front" }] }),
    prod: proxies({ routes: [{ host: "*.chatbot.example", tier: "front" }], forwards: [toTools] }),
  };
  expect(told("prod", change)).toEqual([
    [
      `${at}.reverseProxy.routes[0].host`,
      '"*.chatbot.example"',
      "a wildcard that hides no host of another environment; Pulumi.dev.yaml has new.chatbot.example",
    ],
  ]);
  expect(told("dev", change)).toEqual([
    [
      `${at}.reverseProxy.routes[0].host`,
      '"new.chatbot.example"',
      "a host that no wildcard of another environment hides; Pulumi.prod.yaml has *.chatbot.example",
    ],
  ]);
  const forwards = [toTools, { domain: "new.chatbot.example", environment: "development" }];
  const forwarded = {
    dev: change.dev,
    prod: proxies({ routes: [{ host: "*.chatbot.example", tier: "front" }], forwards }),
  };
  expect(told("prod", forwarded)).toEqual([]);
  expect(told("dev", forwarded)).toEqual([]);
});

test("what passes between environments is between tiers and at ports that are there", () => {
  const reaches = [
    { ...runner, from: "video" },
    { ...runner, to: "database" },
    { ...runner, port: 443 },
    { ...runner, to: "back", port: 4001 },
    { ...runner, to: "back", port: 4000 },
    runner,
    runner,
  ];
  const path = `${at}.peers.production.reaches`;
  const change = { tools: peers({ production: { reaches } }) };
  expect(told("tools", change)).toEqual([
    [`${path}[0].from`, '"video"', "a tier of this file, or reverse-proxy: gitlab, runner, reverse-proxy"],
    [
      `${path}[1].to`,
      '"database"',
      "a tier of Pulumi.prod.yaml, or reverse-proxy: front, back, machine-learning, data, reverse-proxy",
    ],
    [`${path}[2].port`, "443", "a port of reverse-proxy in Pulumi.prod.yaml: 22, 80"],
    [`${path}[3].port`, "4001", "a port of back in Pulumi.prod.yaml: 4000"],
    [`${path}[6]`, '{"from":"runner","to":"reverse-proxy","port":22}', "each of them once; reaches[5] has it already"],
  ]);
  // The other side names its own tiers; what it does not admit does not pass, and is no mistake.
  expect(told("prod", change)).toEqual([]);
  expect(told("prod", { prod: peers({ tools: { admits: [{ from: "gitlab", to: "shop", port: 1 }] } }) })).toEqual([
    [
      `${at}.peers.tools.admits[0].to`,
      '"shop"',
      "a tier of this file, or reverse-proxy: front, back, machine-learning, data, reverse-proxy",
    ],
  ]);
});

test("networks of environments overlap with none", () => {
  expect(
    told("tools", { tools: (environment) => void Object.assign(environment, { network: "10.10.0.0/16" }) }),
  ).toEqual([[`${at}.network`, '"10.10.0.0/16"', "a network of its own; Pulumi.prod.yaml has 10.10.0.0/16"]]);
});

test.each([{ entry: 7 }, { forwards: [7, { domain: 1 }] }, { routes: [null] }, { forwards: "x", routes: "y", tls: 1 }])(
  "nonsense beside other environments (%j) ends in mistakes, not in a crash",
  (fields) => {
    expect(told("prod", { prod: proxies(fields) }).length).toBeGreaterThan(0);
    expect(
      told("prod", { prod: (environment) => void Object.assign(environment, { peers: { tools: fields } }) }),
    ).not.toEqual([]);
    expect(Array.isArray(told("tools", { prod: proxies(fields) }))).toBe(true);
  },
);
