import { expect, test } from "vitest";
import { StackError } from "./mistakes.ts";
import { parseStack } from "./parse.ts";
import type { SecretName } from "./schema.ts";
import { administrators, committed, playbooks, publicKey } from "./testing/stacks.ts";

interface Given {
  environment?: unknown;
  administrators?: unknown;
  playbooks?: string[];
  secrets?: SecretName[];
}

/** Paths, given values and allowed values of all mistakes. */
function mistakes(given: Given): [path: string, given: string, allowed: string][] {
  try {
    parseStack("Pulumi.dev.yaml",
      { environment: "environment" in given ? given.environment : committed("dev"),
        administrators: "administrators" in given ? given.administrators : administrators },
      { playbooks: given.playbooks ?? playbooks, secrets: given.secrets ?? ["databasePassword"] });
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    return error.mistakes.map((mistake) => [mistake.path, mistake.given, mistake.allowed]);
  }
  return [];
}

type Json = Record<string, unknown>;
type Tiers = Record<string, Json>;

/** The committed dev environment after a change. */
function dev(change: (environment: Json & { tiers: Tiers; reverseProxy: { routes: Json[] } }) => void): Json {
  const environment = committed("dev") as Json & { tiers: Tiers; reverseProxy: { routes: Json[] } };
  change(environment);
  return environment;
}

const at = "platform:environment";

test.each(["dev", "prod", "tools"])("the committed stack file of %s has no mistake", (stack) => {
  expect(mistakes({ environment: committed(stack) })).toEqual([]);
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
    [`${at}.tiers.data.port`, '"5432"', "a whole number from 1 to 65535"],
    [`${at}.reverseProxy.routes[0].host`, '"WWW_dev"',
      "a DNS name in lower case with at least one dot, for example www.dev.chatbot.example"],
  ]);
});

test("five mistakes between the parts are all reported at once", () => {
  const environment = dev((given) => {
    given.tiers["back"] = { ...given.tiers["back"], subnet: 1 };
    given.tiers["front"] = { ...given.tiers["front"], reaches: ["back", "database"] };
    given.tiers["video"] = { subnet: 9, instances: 1, port: 8000 };
    given.reverseProxy.routes.push({ host: "www.dev.chatbot.example", tier: "back" }, { host: "a.b", tier: "shop" });
  });
  expect(mistakes({ environment })).toEqual([
    [`${at}.tiers.front.reaches[1]`, '"database"',
      "a tier of this environment: front, back, machine-learning, data, video"],
    [`${at}.tiers.back.subnet`, "1", "a subnet of its own; tier front has it already"],
    [`${at}.reverseProxy.routes[2].host`, '"www.dev.chatbot.example"',
      "one route for each host; routes[0] has it already"],
    [`${at}.reverseProxy.routes[3].tier`, '"shop"',
      "a tier of this environment: front, back, machine-learning, data, video"],
    [`${at}.tiers.video`, "video", `a kind of server with a playbook: ${playbooks.join(", ")}; ` +
      "write ansible/playbooks/video.yml"],
  ]);
});

test("a mistake in one tier does not hide one in another, nor those between them", () => {
  const environment = dev((given) => {
    given.tiers["front"] = { ...given.tiers["front"], subnet: 2, size: 7 };
  });
  expect(mistakes({ environment }).map(([path]) => path)).toEqual(
    [`${at}.tiers.front.size`, `${at}.tiers.back.subnet`]);
});

test("an unknown key is named, with the keys that are known", () => {
  const environment = dev((given) => { given.tiers["data"] = { ...given.tiers["data"], instnaces: 2 }; });
  expect(mistakes({ environment })).toEqual([[`${at}.tiers.data.instnaces`, "2",
    "nothing by this name; known here are subnet, instances, size, port, balance, reaches, repair, autoscale, " +
    "applications, secrets"]]);
});

test("a name that an Ansible group or the program uses otherwise is no tier's name", () => {
  const environment = dev((given) => {
    given.tiers["balancer"] = { subnet: 9, instances: 1 };
    given.tiers["Video"] = { subnet: 10, instances: 1 };
  });
  expect(mistakes({ environment, playbooks: [...playbooks, "Video"] }).map(([path]) => path)).toEqual(
    [`${at}.tiers.Video`, `${at}.tiers.balancer`]);
});

test("a route goes either to a tier or to an address that has not been migrated", () => {
  const routes = (...given: Json[]) => mistakes({ environment: dev((environment) => {
    environment.reverseProxy.routes = given;
  }) }).map(([path, , allowed]) => [path, allowed]);
  expect(routes({ host: "old.dev.chatbot.example", upstream: "http://198.51.100.20:8080" })).toEqual([]);
  const both = [[`${at}.reverseProxy.routes[0]`, "either a tier or an upstream"]];
  expect(routes({ host: "a.b", tier: "front", upstream: "http://198.51.100.20" })).toEqual(both);
  expect(routes({ host: "a.b" })).toEqual(both);
  expect(routes({ host: "a.b", upstream: "https://198.51.100.20" })).toEqual([[`${at}.reverseProxy.routes[0].upstream`,
    "an address as http://address:port, for example http://198.51.100.20:8080"]]);
});

test("autoscale and instances must agree", () => {
  const environment = dev((given) => {
    given.tiers["front"] = { ...given.tiers["front"],
      autoscale: { minimum: 5, maximum: 4, scaleOutAbove: 60, scaleInBelow: 40 } };
  });
  expect(mistakes({ environment })).toEqual([
    [`${at}.tiers.front.autoscale.minimum`, "5", "at most the maximum, 4"],
    [`${at}.tiers.front.instances`, "2", "between autoscale's minimum and maximum, 5 to 4"],
    [`${at}.tiers.front.autoscale.scaleInBelow`, "40", "at most half of scaleOutAbove, 30"],
  ]);
});

test("a tier's port is one of its applications' ports, and those are all different", () => {
  const application = { name: "front", repository: "https://git.chatbot.example/front.git", port: 3001 };
  const environment = dev((given) => {
    given.tiers["front"] = { ...given.tiers["front"], applications: [application, application] };
  });
  expect(mistakes({ environment }).map(([path]) => path)).toEqual([
    `${at}.tiers.front.applications[1].name`, `${at}.tiers.front.applications[1].port`, `${at}.tiers.front.port`]);
});

test.each(["PT9M", "PT91M", "PT5S", "10", "PT1H"])("a grace period of %s is refused", (gracePeriod) => {
  const environment = dev((given) => { given.tiers["data"] = { ...given.tiers["data"], repair: { gracePeriod } }; });
  expect(mistakes({ environment })).toEqual([
    [`${at}.tiers.data.repair.gracePeriod`, `"${gracePeriod}"`, "10 to 90 whole minutes, PT10M to PT90M"]]);
});

test("without keys, ranges or a needed secret the commands that set them are told", () => {
  const found = mistakes({ administrators: { ranges: [], sshKeys: [] }, secrets: [] });
  expect(found.map(([path]) => path)).toEqual(
    ["platform:databasePassword", "platform:administrators.ranges", "platform:administrators.sshKeys"]);
  expect(found[0]?.[2]).toContain("tier back asks for it. Set it with\n      pulumi config set --secret");
  expect(found[1]?.[2]).toContain("pulumi config set --path 'platform:administrators.ranges[0]' 198.51.100.7/32");
  expect(found[2]?.[2]).toContain("pulumi config set --path 'platform:administrators.sshKeys[0]'");
  expect(mistakes({ administrators: undefined }).map(([path]) => path)).toEqual(
    ["platform:administrators.ranges", "platform:administrators.sshKeys"]);
});

test("a secret that no tier asks for need not be set", () => {
  expect(mistakes({ environment: committed("tools"), secrets: [] })).toEqual([]);
});

test.each([
  ["an open range", { ranges: ["0.0.0.0/0"] }, "ranges[0]"],
  ["a range with host bits", { ranges: ["198.51.100.7/24"] }, "ranges[0]"],
  ["a range within another", { ranges: ["198.51.100.0/24", "198.51.100.7/32"] }, "ranges"],
  ["a private key", { sshKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----"] }, "sshKeys[0]"],
  ["a key of another type than it says", { sshKeys: [publicKey.replace("ssh-ed25519", "ssh-rsa")] }, "sshKeys[0]"],
  ["root as user", { user: "root" }, "user"],
])("%s is refused for administrators", (_, change, path) => {
  expect(mistakes({ administrators: { ...administrators, ...change } }).map(([found]) => found)).toEqual(
    [`platform:administrators.${path}`]);
});

test.each([undefined, null, 7, "text", [], { tiers: 7 }, { tiers: { front: null }, reverseProxy: { routes: [null] } }])(
  "nonsense (%j) ends in mistakes, not in a crash", (environment) => {
    expect(mistakes({ environment }).length).toBeGreaterThan(0);
  });

test("the message counts the mistakes and says that nothing was changed", () => {
  const parse = () => parseStack("Pulumi.dev.yaml", { environment: committed("dev"),
    administrators: { ...administrators, user: "root" } }, { playbooks, secrets: ["databasePassword"] });
  expect(parse).toThrow(`1 mistake in Pulumi.dev.yaml; nothing was changed.
  platform:administrators.user
    given:   "root"
    allowed: a user name that Azure accepts: not root, admin or administrator`);
});
