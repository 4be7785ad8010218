import { expect, test } from "vitest";
import { dev, devWith, mistakes, type Json } from "./testing/mistakes.ts";
import { administrators, playbooks } from "./testing/stacks.ts";

const at = "platform:environment.tiers";

test("a name that an Ansible group or the program uses otherwise is no tier's name", () => {
  const environment = dev((given) => {
    given.tiers["balancer"] = { subnetIndex: 9, instances: 1 };
    given.tiers["Video"] = { subnetIndex: 10, instances: 1 };
  });
  expect(mistakes({ environment, playbooks: [...playbooks, "Video"] }).map(([path]) => path)).toEqual([
    `${at}.Video`,
    `${at}.balancer`,
  ]);
});

test.each(["base", "environment", "site"])("%s is the playbook of no kind, so no tier is called so", (name) => {
  const environment = dev(({ tiers }) => {
    tiers[name] = { subnetIndex: 9, instances: 1 };
  });
  expect(mistakes({ environment })).toEqual([
    [
      `${at}.${name}`,
      `"${name}"`,
      "a name other than all, ungrouped, localhost, balancer, reverse-proxy, unreached, base, environment, site",
    ],
  ]);
});

test.each(["back-balancer", "video-balancer"])(
  "%s is what a group of balancers is or may be called, so no tier is",
  (name) => {
    const environment = dev(({ tiers }) => {
      tiers[name] = { subnetIndex: 9, instances: 1 };
    });
    expect(mistakes({ environment, playbooks: [...playbooks, name] })).toEqual([
      [`${at}.${name}`, `"${name}"`, "a name that does not end in -balancer; groups of machines are called so"],
    ]);
  },
);

test("a tier reaches other tiers, each said once", () => {
  expect(mistakes({ environment: devWith("front", { reaches: ["back", "front", "data", "back", "shop"] }) })).toEqual([
    [`${at}.front.reaches[3]`, '"back"', "each of them once; reaches[0] has it already"],
    [`${at}.front.reaches[1]`, '"front"', "another tier; Azure does not pass a machine's call on to itself"],
    [`${at}.front.reaches[4]`, '"shop"', "a tier of this environment: front, back, machine-learning, data"],
  ]);
});

test("additional ports are others than those on which something listens, each said once, beside a port", () => {
  expect(mistakes({ environment: devWith("back", { additionalPorts: [4100, 4000, 4100, 22] }) })).toEqual([
    [
      `${at}.back.additionalPorts[3]`,
      "22",
      "a whole number from 1 to 65534 other than 22, 8998, 8999, on which machines listen themselves",
    ],
  ]);
  expect(mistakes({ environment: devWith("back", { additionalPorts: [4100, 4000, 4100] }) })).toEqual([
    [`${at}.back.additionalPorts[2]`, "4100", "each of them once; additionalPorts[0] has it already"],
    [`${at}.back.additionalPorts[1]`, "4000", "a port other than the tier's `port`, which is served anyway"],
  ]);
  const environment = dev(({ tiers }) => {
    const [application] = tiers["front"]?.["applications"] as Json[];
    const admin = { ...application, name: "admin", port: 3100 };
    tiers["front"] = { ...tiers["front"], applications: [application, admin], additionalPorts: [3100] };
    tiers["runner"] = { subnetIndex: 9, instances: 1, additionalPorts: [80] };
  });
  expect(mistakes({ environment })).toEqual([
    [
      `${at}.front.additionalPorts[0]`,
      "3100",
      "a port on which none of the tier's applications listens; admin has it already",
    ],
    [`${at}.runner.additionalPorts`, "[80]", "additional ports only beside a port; set `port`, or leave them out"],
  ]);
});

test("secrets in the form of before are refused with the form of today", () => {
  const environment = devWith("data", { secrets: ["databaseLogin"] });
  expect(mistakes({ environment })).toEqual([
    [
      `${at}.data.secrets`,
      '["databaseLogin"]',
      "an object: under the name by which roles find a secret the name of the secret, " +
        "for example { login: databaseLogin }",
    ],
  ]);
});

test("an old key is refused with its new name", () => {
  const environment = dev(({ tiers }) => {
    const { subnetIndex, ...rest } = tiers["front"] ?? {};
    tiers["front"] = { ...rest, subnet: subnetIndex };
  });
  expect(mistakes({ environment })).toEqual([
    [`${at}.front.subnetIndex`, "(nothing)", "a whole number from 1 to 249"],
    [`${at}.front.subnet`, "1", "subnetIndex, as subnet is called now"],
  ]);
});

test("references in variables are to tiers that serve and may be called", () => {
  const variables = (environment: Record<string, string>) =>
    mistakes({ environment: devWith("front", { applications: [{ ...application, environment }] }) }).map(
      ([path, given, allowed]) => [
        path.slice(at.length + ".front.applications[0].environment.".length),
        given,
        allowed,
      ],
    );
  expect(
    variables({ A: "${back.url}", B: "${front.port}", C: "$${HOME}", D: "$HOME", E: "${back.host}:${back.port}" }),
  ).toEqual([]);
  expect(
    variables({ A: "${bakc.url}", B: "${back.toString}", C: "${HOME}", D: "${data.url}", E: "${back.url" }),
  ).toEqual([
    ["A", '"${bakc.url}"', "a tier of this environment in ${bakc.url}: front, back, machine-learning, data"],
    [
      "B",
      '"${back.toString}"',
      expect.stringContaining("with a tier and one of host, port, url in the place of ${back.toString}"),
    ],
    ["C", '"${HOME}"', expect.stringContaining("$${ stands for ${")],
    ["D", '"${data.url}"', "a tier that this one may call in ${data.url}; name data in tiers.front.reaches"],
    ["E", '"${back.url"', expect.stringContaining("in the place of ${back.url")],
  ]);
});

test("a kind is one with a playbook, and a tier called as a kind is of it", () => {
  const kind = (tier: string, name: string) =>
    mistakes({
      environment: dev(({ tiers }) => {
        tiers[tier] = { subnetIndex: 9, instances: 1, kind: name };
      }),
    }).map(([path, , allowed]) => [path, allowed]);
  expect(kind("web", "front")).toEqual([]);
  expect(kind("web", "video")[0]?.[0]).toBe(`${at}.web.kind`);
  expect(kind("web", "balancer")[0]?.[1]).toMatch(/^a kind of server with a playbook: back, data, front, gitlab, mach/);
  expect(kind("gitlab", "front")).toEqual([
    [
      `${at}.gitlab.kind`,
      "the kind gitlab for a tier of this name, since playbooks/gitlab.yml is for machines of the group gitlab",
    ],
  ]);
});

test("a scale set in each zone needs zones", () => {
  const environment = dev((given) => {
    given["zones"] = [];
    given.tiers["data"] = { ...given.tiers["data"], scaleSetPerZone: true };
  });
  expect(mistakes({ environment })).toEqual([
    [`${at}.data.scaleSetPerZone`, "true", "false where the environment has no zones"],
  ]);
});

test("a scale set in each zone does not go with autoscale", () => {
  const autoscale = { minimum: 1, maximum: 4, scaleOutAbove: 60, scaleInBelow: 30 };
  expect(
    mistakes({ environment: devWith("front", { autoscale, scaleSetPerZone: true }) }).map(([path]) => path),
  ).toEqual([`${at}.front.scaleSetPerZone`]);
});

test("autoscale and instances must agree", () => {
  const environment = devWith("front", { autoscale: { minimum: 5, maximum: 4, scaleOutAbove: 60, scaleInBelow: 40 } });
  expect(mistakes({ environment })).toEqual([
    [`${at}.front.autoscale.minimum`, "5", "at most the maximum, 4"],
    [`${at}.front.instances`, "2", "between autoscale's minimum and maximum, 5 to 4"],
    [`${at}.front.autoscale.scaleInBelow`, "40", "at most half of scaleOutAbove, 30"],
  ]);
});

const application = { name: "front", repository: "https://git.chatbot.example/front.git", port: 3000 };
const withApplications = (...applications: Json[]) =>
  devWith("front", { applications: applications.map((change) => ({ ...application, ...change })) });

test("a tier's port is one of its applications' ports, and those are all different", () => {
  expect(mistakes({ environment: withApplications({ port: 3001 }, { port: 3001 }) }).map(([path]) => path)).toEqual([
    `${at}.front.applications[1].name`,
    `${at}.front.applications[1].port`,
    `${at}.front.port`,
  ]);
});

test.each([22, 8998, 8999, 65535, 0])("no service and no application has port %i", (port) => {
  const environment = devWith("front", { port, applications: [{ ...application, port }] });
  const allowed = "a whole number from 1 to 65534 other than 22, 8998, 8999, on which machines listen themselves";
  expect(mistakes({ environment })).toEqual([
    [`${at}.front.port`, `${port}`, allowed],
    [`${at}.front.applications[0].port`, `${port}`, allowed],
  ]);
});

test.each(["root", "daemon", "sshd", "www-data", "postgres", "haproxy", "nobody", "deploy", "platform"])(
  "an application called %s would share the account of something else",
  (name) => {
    const [mistake, ...others] = mistakes({ environment: withApplications({ name }) });
    expect(others).toEqual([]);
    expect(mistake).toEqual([
      `${at}.front.applications[0].name`,
      `"${name}"`,
      expect.stringContaining("a name that no account of a machine has: other than platform, root, daemon, "),
    ]);
  },
);

test("the administrators' user is the one that they say", () => {
  const user = { ...administrators, user: "operator" };
  expect(mistakes({ environment: withApplications({ name: "platform" }), administrators: user })).toEqual([]);
  expect(
    mistakes({ environment: withApplications({ name: "operator" }), administrators: user }).map(([path]) => path),
  ).toEqual([`${at}.front.applications[0].name`]);
});

test("an application's name is no longer than that of an account can be", () => {
  expect(mistakes({ environment: withApplications({ name: "a".repeat(32) }) })).toEqual([]);
  expect(mistakes({ environment: withApplications({ name: "a".repeat(33) }) })).toEqual([
    [
      `${at}.front.applications[0].name`,
      `"${"a".repeat(33)}"`,
      "an application's name, also that of its account: " +
        "lower-case letters, digits and single hyphens, starting with a letter, at most 32 characters",
    ],
  ]);
});

test.each([
  "git@git.chatbot.example:front.git",
  "ssh://git@git.chatbot.example/front.git",
  "https://token@git.chatbot.example/front.git",
])("a repository %j, which machines may not read or which tells a password, is refused", (repository) => {
  expect(mistakes({ environment: withApplications({ repository }) })).toEqual([
    [
      `${at}.front.applications[0].repository`,
      `"${repository}"`,
      "a Git repository by https:// that machines may read " +
        "without a login, for example https://git.chatbot.example/front.git",
    ],
  ]);
});

test("an application without a repository waits for a deployment, and is no mistake", () => {
  expect(mistakes({ environment: withApplications({ repository: undefined }) })).toEqual([]);
});

test.each(["-upload-pack=sh", "--", "a b", ""])(
  "a revision %j, which Git would not take for one, is refused",
  (revision) => {
    expect(mistakes({ environment: withApplications({ revision }) })).toEqual([
      [
        `${at}.front.applications[0].revision`,
        `"${revision}"`,
        "a branch, tag or commit: no spaces, and no hyphen at its " + "beginning, which would make it an option of Git",
      ],
    ]);
  },
);
