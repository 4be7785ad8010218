import { expect, test } from "vitest";
import { parseStack } from "./parse.ts";
import { dev, mistakes } from "./testing/mistakes.ts";
import { administrators, committed, playbooks, publicKey, siblingsBeside } from "./testing/stacks.ts";

const at = "platform:environment";

test.each(["dev", "prod", "tools"])("the committed stack file of %s has no mistake", (stack) => {
  expect(mistakes({ environment: committed(stack), siblings: siblingsBeside(stack) })).toEqual([]);
});

test("five mistakes in values are all reported at once, with path, given value and what is allowed", () => {
  const environment = dev((given) => {
    given["network"] = "10.20.0.0/24";
    given.tiers["front"] = { ...given.tiers["front"], instances: 300 };
    given.tiers["back"] = { ...given.tiers["back"], balance: "random" };
    given.tiers["data"] = { ...given.tiers["data"], port: "5432" };
    given.reverseProxy.routes[0] = { host: "WWW_dev", tier: "front" };
  });
  expect(mistakes({ environment })).toEqual([
    [`${at}.network`, '"10.20.0.0/24"', "a /16 inside 10.0.0.0/8, for example 10.20.0.0/16"],
    [`${at}.tiers.front.instances`, "300", "a whole number from 1 to 250"],
    [`${at}.tiers.back.balance`, '"random"', "one of hash, connections, cpu"],
    [
      `${at}.tiers.data.port`,
      '"5432"',
      "a whole number from 1 to 65534 other than 22, 8998, 8999, on which machines listen themselves",
    ],
    [
      `${at}.reverseProxy.routes[0].host`,
      '"WWW_dev"',
      "a DNS name in lower case with at least one dot, for example www.dev.chatbot.example, or *. and such a name for " +
        "all names that have one label more",
    ],
  ]);
});

test("five mistakes between the parts are all reported at once", () => {
  const environment = dev((given) => {
    given.tiers["back"] = { ...given.tiers["back"], subnetIndex: 1 };
    given.tiers["front"] = { ...given.tiers["front"], reaches: ["back", "database"] };
    given.tiers["video"] = { subnetIndex: 9, instances: 1, port: 8000 };
    given.reverseProxy.routes.push({ host: "www.dev.chatbot.example", tier: "back" }, { host: "a.b", tier: "shop" });
  });
  expect(mistakes({ environment })).toEqual([
    [
      `${at}.tiers.front.reaches[1]`,
      '"database"',
      "a tier of this environment: front, back, machine-learning, data, video",
    ],
    [`${at}.tiers.back.subnetIndex`, "1", "a subnet of its own; tier front has it already"],
    [
      `${at}.reverseProxy.routes[2].host`,
      '"www.dev.chatbot.example"',
      "one route for each host; routes[0] has it already",
    ],
    [
      `${at}.reverseProxy.routes[3].tier`,
      '"shop"',
      "a tier of this environment: front, back, machine-learning, data, video",
    ],
    [
      `${at}.tiers.video`,
      "video",
      "a kind of server with a playbook: back, data, front, gitlab, machine-learning, runner; " +
        "write ansible/playbooks/video.yml and import it in site.yml",
    ],
  ]);
});

test("a mistake in one tier does not hide one in another, nor those between them", () => {
  const environment = dev((given) => {
    given.tiers["front"] = { ...given.tiers["front"], subnetIndex: 2, size: 7 };
  });
  expect(mistakes({ environment }).map(([path]) => path)).toEqual([
    `${at}.tiers.front.size`,
    `${at}.tiers.back.subnetIndex`,
  ]);
});

test("an unknown key is named, with the keys that are known", () => {
  const environment = dev((given) => {
    given.tiers["data"] = { ...given.tiers["data"], instnaces: 2 };
  });
  const [[path, given, allowed] = [], ...others] = mistakes({ environment });
  expect([path, given, others]).toEqual([`${at}.tiers.data.instnaces`, "2", []]);
  expect(allowed).toMatch(/^nothing by this name; known here are kind, subnetIndex, instances, size, .*, secrets$/);
});

test.each(["PT9M", "PT91M", "PT5S", "10", "PT1H"])("a grace period of %s is refused", (gracePeriod) => {
  const environment = dev((given) => {
    given.tiers["data"] = { ...given.tiers["data"], repair: { gracePeriod } };
  });
  expect(mistakes({ environment })).toEqual([
    [`${at}.tiers.data.repair.gracePeriod`, `"${gracePeriod}"`, "10 to 90 whole minutes, PT10M to PT90M"],
  ]);
});

test("without keys or ranges the commands that set them are told", () => {
  const found = mistakes({ administrators: { ranges: [], sshKeys: [] } });
  expect(found.map(([path]) => path)).toEqual(["platform:administrators.ranges", "platform:administrators.sshKeys"]);
  expect(found[0]?.[2]).toContain("pulumi config set --path 'platform:administrators.ranges[0]' 198.51.100.7/32");
  expect(found[1]?.[2]).toContain("pulumi config set --path 'platform:administrators.sshKeys[0]'");
  expect(mistakes({ administrators: undefined }).map(([path]) => path)).toEqual([
    "platform:administrators.ranges",
    "platform:administrators.sshKeys",
  ]);
});

const ecdsa =
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFV/J9z8RQE5mfL/UrOP7yr4kvhuydFv" +
  "pQlId75tKJW4DNHZ1LrxhAdGecuK0PID4/WtAQl9Ml2A3JPV4Iy45u4= nobody";

test.each([
  ["an open range", { ranges: ["0.0.0.0/0"] }, "ranges[0]"],
  ["a range with host bits", { ranges: ["198.51.100.7/24"] }, "ranges[0]"],
  ["a range within another", { ranges: ["198.51.100.0/24", "198.51.100.7/32"] }, "ranges"],
  ["a private key", { sshKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----"] }, "sshKeys[0]"],
  ["a key of another type than it says", { sshKeys: [publicKey.replace("ssh-ed25519", "ssh-rsa")] }, "sshKeys[0]"],
  ["an ECDSA key", { sshKeys: [ecdsa] }, "sshKeys[0]"],
  ["root as user", { user: "root" }, "user"],
  ["a user whose name Azure refuses", { user: "test" }, "user"],
  ["a user whom Debian has already", { user: "postgres" }, "user"],
  ["a user whose name is none", { user: "Root" }, "user"],
  ["an authority that is no key", { authorities: { deploy: ["ssh-dss AAAA"] } }, "authorities.deploy[0]"],
  ["an authority in place of a list", { authorities: { deploy: ecdsa } }, "authorities.deploy"],
  ["one authority for both", { authorities: { deploy: [ecdsa], administrator: [`${ecdsa} too`] } }, "authorities"],
])("%s is refused for administrators", (_, change, path) => {
  expect(mistakes({ administrators: { ...administrators, ...change } }).map(([found]) => found)).toEqual([
    `platform:administrators.${path}`,
  ]);
});

test("the one authority of before is refused with the two in its place", () => {
  expect(mistakes({ administrators: { ...administrators, authority: ecdsa } })).toEqual([
    [
      "platform:administrators.authority",
      expect.stringContaining("ecdsa-sha2-nistp256"),
      "authorities.deploy and authorities.administrator, a list of keys each, as authority is called now",
    ],
  ]);
  expect(mistakes({ administrators: { ...administrators, authorities: { deploy: [ecdsa] } } })).toEqual([]);
});

test.each([undefined, null, 7, "text", [], { tiers: 7 }, { tiers: { front: null }, reverseProxy: { routes: [null] } }])(
  "nonsense (%j) ends in mistakes, not in a crash",
  (environment) => {
    expect(mistakes({ environment }).length).toBeGreaterThan(0);
  },
);

test("the message counts the mistakes and says that nothing was changed", () => {
  const parse = () =>
    parseStack(
      "Pulumi.dev.yaml",
      { environment: committed("dev"), administrators: { ...administrators, user: "root" } },
      { playbooks, secrets: new Map(), stack: "dev", siblings: siblingsBeside("dev"), roleSecrets: new Map() },
    );
  expect(parse).toThrow(`1 mistake in Pulumi.dev.yaml; nothing was changed.
  platform:administrators.user
    given:   "root"
    allowed: a user name that Azure accepts: other than 1, 123, a, actuser, adm,`);
});

test.each(["0.20260909.2596", "0.20261101.2649", "latest"])("an image's version may be %s", (imageVersion) => {
  const environment = dev((given) => Object.assign(given, { imageVersion }));
  expect(mistakes({ environment })).toEqual([]);
});

test.each(["Latest", "20260909", "1.20260909.1", "0.2026.1"])("an image's version is not %s", (imageVersion) => {
  const environment = dev((given) => Object.assign(given, { imageVersion }));
  expect(mistakes({ environment })).toEqual([
    [
      `${at}.imageVersion`,
      `"${imageVersion}"`,
      "a version 0.YYYYMMDD.N of the image, for example 0.20260909.2596, or latest",
    ],
  ]);
});
