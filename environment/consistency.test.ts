import { expect, test } from "vitest";
import { dev, mistakes, type Json } from "./testing/mistakes.ts";
import { playbooks } from "./testing/stacks.ts";

const at = "platform:environment";

const routes = (...given: Json[]) =>
  mistakes({
    environment: dev((environment) => {
      environment.reverseProxy.routes = given;
    }),
  }).map(([path, , allowed]) => [path, allowed]);

test("a route goes to a tier, to an address that has not been moved, or to both", () => {
  const legacy = "https://www.old.example";
  expect(routes({ host: "old.dev.chatbot.example", legacy })).toEqual([]);
  expect(routes({ host: "www.dev.chatbot.example", tier: "front", legacy, share: 10 })).toEqual([]);
  expect(routes({ host: "a.b" })).toEqual([[`${at}.reverseProxy.routes[0]`, "a tier, or a legacy address, or both"]]);
});

test.each(["https://198.51.100.20", "http://x:99999", "http://300.1.1.1", "http://..", "http://-.-"])(
  "a legacy address %s, to which nginx could send nothing, is refused",
  (legacy) => {
    expect(routes({ host: "a.b", legacy })).toEqual([
      [
        `${at}.reverseProxy.routes[0].legacy`,
        "https://host or http://host, with a port or without one, where host is a DNS name with a dot or, for http, an " +
          "IPv4 address: https://www.old.example:8443",
      ],
    ]);
  },
);

test("an address is no host name of a route", () => {
  expect(routes({ host: "1.2.3.4", tier: "front" }).map(([path]) => path)).toEqual([
    `${at}.reverseProxy.routes[0].host`,
  ]);
});

test("a zone is named once", () => {
  const environment = dev((given) => {
    given["zones"] = ["1", "2", "1"];
  });
  expect(mistakes({ environment })).toEqual([[`${at}.zones`, '["1","2","1"]', "each zone once"]]);
});

test("the balancers of all tiers fit into their one subnet", () => {
  const environment = (instances: number) =>
    dev((given) => {
      for (const name of ["front", "machine-learning"]) given.tiers[name] = { ...given.tiers[name], balance: "cpu" };
      given["balancers"] = { instances };
    });
  expect(mistakes({ environment: environment(83) })).toEqual([]);
  expect(mistakes({ environment: environment(84) })).toEqual([
    [
      `${at}.balancers.instances`,
      "84",
      "at most 83: 3 tiers " + "have balancers, and all of them share one subnet with room for 250 machines",
    ],
  ]);
});

test("so many tiers with balancers that even two each do not fit are refused, also when nothing says how many", () => {
  const names = Array.from({ length: 126 }, (_, index) => `tier-${index}`);
  const environment = dev((given) => {
    given.reverseProxy.routes = [];
    given.tiers = Object.fromEntries(
      names.map((name, index) => [name, { subnetIndex: index + 1, instances: 1, port: 80, balance: "connections" }]),
    );
  });
  expect(mistakes({ environment, playbooks: [...playbooks, ...names] }).map(([path, given]) => [path, given])).toEqual([
    [`${at}.balancers.instances`, "2"],
  ]);
});

test.each(["dev.chatbot.example", "chatbot.example"])(
  "a private domain %s, in which the public one lies, would hide the public hosts",
  (privateDomain) => {
    const environment = dev((given) => {
      given["privateDomain"] = privateDomain;
    });
    expect(mistakes({ environment })).toEqual([
      [
        `${at}.privateDomain`,
        `"${privateDomain}"`,
        "a domain that does not " +
          "contain the public one, dev.chatbot.example; machines would no longer find the public hosts",
      ],
    ]);
  },
);

test.each(["internal.dev.chatbot.example", "v.chatbot.example"])(
  "a private domain %s, in which no public host lies, hides none",
  (privateDomain) => {
    expect(
      mistakes({
        environment: dev((given) => {
          given["privateDomain"] = privateDomain;
        }),
      }),
    ).toEqual([]);
  },
);
