import { expect, test } from "vitest";
import { dev, mistakes, type Json } from "./testing/mistakes.ts";
import { committed, siblingsOf } from "./testing/stacks.ts";

const at = "platform:environment";
const www = "www.dev.chatbot.example";

/** Mistakes of dev with other reverse proxies, and other settings besides. */
const told = (reverseProxy: Json, settings: Json = {}) =>
  mistakes({
    environment: dev((environment) => {
      Object.assign(environment.reverseProxy, reverseProxy);
      Object.assign(environment, settings);
    }),
  });

test.each([
  [{ tier: "front", share: 10 }, "legacy"],
  [{ legacy: "https://old.example", share: 0 }, "tier"],
])("a share in %j has no other side", (route, missing) => {
  expect(told({ routes: [{ host: www, ...route }] })).toEqual([
    [
      `${at}.reverseProxy.routes[0].share`,
      `${route.share}`,
      `a share only between a tier and a legacy address; set \`${missing}\`, or leave \`share\` out`,
    ],
  ]);
});

test.each([
  [www, [{ host: www, tier: "front" }], www],
  ["old.shops.chatbot.example", [{ host: "*.shops.chatbot.example", tier: "front" }], "*.shops.chatbot.example"],
])("an old service at %s, which has a route here, would get its requests back for ever", (name, others, host) => {
  const routes = [{ host: "api.dev.chatbot.example", legacy: `https://${name}` }, ...others];
  expect(told({ routes })).toEqual([
    [
      `${at}.reverseProxy.routes[0].legacy`,
      `"https://${name}"`,
      `an address that stays the old service's; "${host}" has a route here, by which requests would come back`,
    ],
  ]);
});

test("a certificate is given for a host of a route, once, where its TLS ends", () => {
  const given = [www, "www.chatbot.example", www];
  expect(told({ tls: { given } })).toEqual([
    [
      `${at}.reverseProxy.tls.given[1]`,
      '"www.chatbot.example"',
      `a host of a route whose TLS ends at these reverse proxies: ${www}, api.dev.chatbot.example`,
    ],
    [`${at}.reverseProxy.tls.given[2]`, `"${www}"`, "each of them once; given[0] has it already"],
  ]);
  expect(told({ tls: { given: [www] }, entry: "production" })).toEqual([
    [
      `${at}.reverseProxy.tls.given[0]`,
      `"${www}"`,
      "a host of a route whose TLS ends at these reverse proxies: there is none",
    ],
  ]);
  expect(told({ tls: { given: [www] }, entry: "production", public: true })).toEqual([]);
});

test("an entry is given certificates of the hosts behind it", () => {
  const environment = committed("prod");
  const tls = { given: ["gitlab.tools.chatbot.example"] };
  environment["reverseProxy"] = { ...(environment["reverseProxy"] as object), tls };
  expect(mistakes({ environment, siblings: siblingsOf("dev", "tools") })).toEqual([]);
});

test("only a routed host of the environment's own domain has a target in DNS", () => {
  const routes = [
    { host: www, tier: "front" },
    { host: "*.dev.chatbot.example", tier: "front" },
    { host: "shop.example", tier: "front" },
  ];
  const target = {
    [www]: "azure",
    "*.dev.chatbot.example": "azure",
    "shop.example": "azure",
    "mail.dev.chatbot.example": "legacy",
  };
  const allowed = `a host of a route in dev.chatbot.example: ${www}, *.dev.chatbot.example`;
  expect(told({ routes }, { dns: { target } })).toEqual([
    [`${at}.dns.target.shop.example`, "shop.example", allowed],
    [`${at}.dns.target.mail.dev.chatbot.example`, "mail.dev.chatbot.example", allowed],
  ]);
});
