import { expect, test } from "vitest";
import type { Rule } from "./flows.ts";
import { portsOf } from "./portMoves.ts";
import { secretNames } from "./machineGroup.ts";
import { machineGroups, routeUrls, type Plan } from "./plan.ts";
import { committed, planOf } from "./testing/stacks.ts";

const rulesOf = (subnet: string): Record<string, [sources: Rule["sources"], ports: string[]]> =>
  Object.fromEntries(
    planOf("dev")
      .subnets.find(({ name }) => name === subnet)
      ?.rules.map(({ name, sources, ports }) => [name, [sources, ports]]) ?? [],
  );

const ending = { "allow-probes": ["AzureLoadBalancer", ["*"]], "deny-all": ["*", ["*"]] };

test("each tier has its subnet, and its load balancer the last free address of it", () => {
  const { tiers } = planOf("dev");
  expect(
    tiers.map(({ name, addressPrefix, service }) => [name, addressPrefix, service?.address, service?.name]),
  ).toEqual([
    ["back", "10.20.2.0/24", "10.20.2.254", "back.dev.chatbot.internal"],
    ["data", "10.20.4.0/24", "10.20.4.254", "data.dev.chatbot.internal"],
    ["front", "10.20.1.0/24", "10.20.1.254", "front.dev.chatbot.internal"],
    ["machine-learning", "10.20.3.0/24", "10.20.3.254", "machine-learning.dev.chatbot.internal"],
  ]);
});

test("adding a tier moves neither the addresses nor the rules of the others", () => {
  const environment = committed("dev");
  const gitlab = { subnetIndex: 17, instances: 1, port: 80, balance: "cpu", reaches: ["data"] };
  environment["tiers"] = { gitlab, ...(environment["tiers"] as object) };
  const subnets = (plan: Plan, changed: string[]) => plan.subnets.filter(({ name }) => !changed.includes(name));
  // Only data's callers are others, since the new tier calls it.
  expect(subnets(planOf("dev", environment), ["gitlab", "data"])).toEqual(subnets(planOf("dev"), ["data"]));
  expect(planOf("dev", environment).tiers.filter(({ name }) => name !== "gitlab")).toEqual(planOf("dev").tiers);
});

test("front accepts the reverse proxy, on its port only", () => {
  expect(rulesOf("front")).toEqual({
    "allow-ssh": [["10.20.0.0/24"], ["22"]],
    "allow-service": [["10.20.0.0/24"], ["3000"]],
    ...ending,
  });
});

test("data accepts back and nobody else", () => {
  expect(rulesOf("data")).toEqual({
    "allow-ssh": [["10.20.0.0/24"], ["22"]],
    "allow-service": [["10.20.2.0/24"], ["5432"]],
    ...ending,
  });
});

test("a tier behind HAProxy accepts the balancers, and the balancers accept its callers", () => {
  expect(rulesOf("back")).toEqual({
    "allow-ssh": [["10.20.0.0/24"], ["22"]],
    "allow-service": [["10.20.250.0/24"], ["4000"]],
    "allow-checks": [["10.20.250.0/24"], ["8998", "8999"]],
    ...ending,
  });
  expect(rulesOf("balancer")).toEqual({
    "allow-ssh": [["10.20.0.0/24"], ["22"]],
    "allow-back": [["10.20.0.0/24", "10.20.1.0/24"], ["4000"]],
    ...ending,
  });
});

test("while a port moves everybody who may call the one may call the other", () => {
  const stand = (tier: string, port: number) =>
    [`lbi-platform-dev-${tier}`, portsOf(new Map([[port, "service"]]), undefined)] as const;
  const { subnets, tiers, reverseProxy } = planOf(
    "dev",
    committed("dev"),
    new Map([stand("back", 4100), stand("front", 3100), stand("data", 5432)]),
  );
  const ports = (subnet: string, rule: string) =>
    subnets.find(({ name }) => name === subnet)?.rules.find(({ name }) => name === rule)?.ports;
  expect(ports("front", "allow-service")).toEqual(["3000", "3100"]);
  expect(ports("back", "allow-service")).toEqual(["4000", "4100"]);
  expect(ports("balancer", "allow-back")).toEqual(["4000", "4100"]);
  expect(ports("data", "allow-service")).toEqual(["5432"]);
  // Callers are told the new port only.
  expect(reverseProxy.routes.map(({ port }) => port)).toEqual([3000, 4000]);
  expect(tiers.map(({ name, service }) => [name, service?.port, service?.leaving])).toEqual([
    ["back", 4000, [4100]],
    ["data", 5432, []],
    ["front", 3000, [3100]],
    ["machine-learning", 5000, []],
  ]);
});

test("additional ports are served for good", () => {
  const environment = committed("dev") as { tiers: Record<string, object> };
  environment.tiers["back"] = { ...environment.tiers["back"], additionalPorts: [4100, 80] };
  const { subnets, tiers } = planOf("dev", environment);
  expect(tiers.find(({ name }) => name === "back")?.service).toMatchObject({
    port: 4000,
    ports: [
      { port: 4000, rule: "service-4000" },
      { port: 4100, rule: "service-4100" },
      { port: 80, rule: "service-80" },
    ],
    leaving: [],
    moving: false,
  });
  const rule = subnets.find(({ name }) => name === "back")?.rules.find(({ name }) => name === "allow-service");
  expect(rule?.ports).toEqual(["4000", "4100", "80"]);
});

test("the reverse proxy accepts the web from everywhere, SSH from administrators, its own kind and declared peers", () => {
  expect(rulesOf("reverse-proxy")).toEqual({
    "allow-ssh": [["198.51.100.1/32"], ["22"]],
    "allow-jumps": [["10.20.0.0/24"], ["22"]],
    "allow-web": ["Internet", ["80", "443"]],
    "allow-tools.runner.reverse-proxy": [["10.30.2.0/24"], ["22"]],
    ...ending,
  });
});

test.each(["dev", "prod", "tools"])("in %s every subnet denies at its end, and uses no priority twice", (stack) => {
  for (const { rules } of planOf(stack).subnets) {
    const priorities = rules.map(({ priority }) => priority);
    expect(new Set(priorities).size).toBe(priorities.length);
    expect(rules.at(-1)).toMatchObject({ access: "Deny", sources: "*", ports: ["*"], protocol: "*", priority: 4096 });
    expect(Math.max(...priorities)).toBe(4096);
  }
});

test("there is no balancers' subnet where Azure balances everything", () => {
  expect(planOf("tools").subnets.map(({ name }) => name)).toEqual(["reverse-proxy", "gitlab", "runner"]);
});

test("groups of machines are the tiers', the balancers' and the reverse proxy's", () => {
  expect(
    machineGroups(planOf("prod")).map(({ name, kind, tier, subnetName, instances }) => [
      name,
      kind,
      tier,
      subnetName,
      instances,
    ]),
  ).toEqual([
    ["back", "back", "back", "back", 3],
    ["back-balancer", "balancer", "back", "balancer", 2],
    ["data", "data", "data", "data", 1],
    ["front", "front", "front", "front", 3],
    ["machine-learning", "machine-learning", "machine-learning", "machine-learning", 3],
    ["machine-learning-balancer", "balancer", "machine-learning", "balancer", 2],
    ["reverse-proxy", "reverse-proxy", "reverse-proxy", "reverse-proxy", 3],
  ]);
});

test("a tier without a port has no service", () => {
  expect(planOf("tools").tiers.find(({ name }) => name === "runner")).not.toHaveProperty("service");
});

test("a route leads to its tier's load balancer, or to the old host", () => {
  const environment = committed("dev");
  environment["reverseProxy"] = {
    routes: [
      { host: "www.dev.chatbot.example", tier: "front" },
      { host: "old.dev.chatbot.example", legacy: "http://198.51.100.20:8080" },
      { host: "older.dev.chatbot.example", legacy: "https://old.example" },
    ],
  };
  expect(planOf("dev", environment).reverseProxy.routes).toEqual([
    { host: "www.dev.chatbot.example", tier: "front", address: "10.20.1.254", port: 3000, share: 100 },
    { host: "old.dev.chatbot.example", legacy: { scheme: "http", address: "198.51.100.20", port: 8080 }, share: 0 },
    { host: "older.dev.chatbot.example", legacy: { scheme: "https", address: "old.example", port: 443 }, share: 0 },
  ]);
});

test("people are sent to HTTPS only where a certificate will be one that clients take", () => {
  const routes = ["www.dev.chatbot.example", "given.dev.chatbot.example", "*.dev.chatbot.example"];
  const urlsWith = (tls: object) => {
    const environment = committed("dev") as Record<string, object>;
    environment["reverseProxy"] = { routes: routes.map((host) => ({ host, tier: "front" })), tls };
    return routeUrls(planOf("dev", environment).reverseProxy);
  };
  const [www, given] = routes;
  expect(urlsWith({ acme: {} })).toEqual([`https://${www}/`, `https://${given}/`]);
  expect(urlsWith({ acme: {}, redirect: false })).toEqual([`http://${www}/`, `http://${given}/`]);
  expect(urlsWith({ given: [given] })).toEqual([`http://${www}/`, `https://${given}/`]);
});

test("variables of applications tell where tiers serve, whatever port those have", () => {
  const environment = committed("dev") as { tiers: Record<string, Record<string, unknown>> };
  environment.tiers["back"] = { ...environment.tiers["back"], port: 4100 };
  (environment.tiers["back"]["applications"] as Record<string, unknown>[])[0] = {
    name: "back",
    repository: "https://git.chatbot.example/back.git",
    port: 4100,
    environment: {
      PGHOST: "${data.host}",
      PGPORT: "${data.port}",
      LITERAL: "$${HOME}",
      URLS: "${data.url} ${data.url}",
    },
  };
  const applications = Object.fromEntries(
    planOf("dev", environment).tiers.map(({ name, machines }) => [name, machines.applications[0]?.environment]),
  );
  expect(applications["front"]).toEqual({ BACK_URL: "http://back.dev.chatbot.internal:4100" });
  expect(applications["back"]).toEqual({
    PGHOST: "data.dev.chatbot.internal",
    PGPORT: "5432",
    LITERAL: "${HOME}",
    URLS: "http://data.dev.chatbot.internal:5432 http://data.dev.chatbot.internal:5432",
  });
});

test("two tiers of one kind share its playbook, and each has its own subnet", () => {
  const environment = committed("dev");
  const admin = { kind: "front", subnetIndex: 9, instances: 1, port: 3100 };
  environment["tiers"] = { ...(environment["tiers"] as object), admin };
  const group = machineGroups(planOf("dev", environment)).find(({ name }) => name === "admin");
  expect(group).toMatchObject({ kind: "front", tier: "admin", subnetName: "admin" });
});

test("machines of a tier with a scale set in each zone are spread over the zones as evenly as they can be", () => {
  const environment = committed("dev") as { tiers: Record<string, object> };
  const counts = (instances: number) => {
    environment.tiers["data"] = { ...environment.tiers["data"], instances, scaleSetPerZone: true };
    const { scaleSets } = machineGroups(planOf("dev", environment)).find(({ name }) => name === "data") ?? {};
    return scaleSets?.map((scaleSet) => [scaleSet.name, scaleSet.instances, scaleSet.zones]);
  };
  expect(counts(1)).toEqual([["data-zone1", 1, ["1"]]]);
  expect(counts(5)).toEqual([
    ["data-zone1", 2, ["1"]],
    ["data-zone2", 2, ["2"]],
    ["data-zone3", 1, ["3"]],
  ]);
});

test("a group's secrets are those of its roles and of its applications, each once", () => {
  const secrets = Object.fromEntries(machineGroups(planOf("dev")).map((group) => [group.name, secretNames(group)]));
  expect(secrets).toMatchObject({ back: ["databaseLogin"], data: ["databaseLogin"], front: [] });
});

test("Trusted Launch and encryption are the environment's, where a group of machines says nothing else", () => {
  const environment = committed("prod") as { tiers: Record<string, object>; reverseProxy: object };
  environment.tiers["data"] = { ...environment.tiers["data"], encryptionAtHost: true };
  environment.reverseProxy = { ...environment.reverseProxy, trustedLaunch: false };
  const plan = planOf("prod", { ...environment, balancers: { acceleratedNetworking: false } });
  const settings = machineGroups(plan).map(
    ({ name, trustedLaunch, encryptionAtHost, acceleratedNetworking }) =>
      [name, [trustedLaunch, encryptionAtHost, acceleratedNetworking]] as const,
  );
  expect(Object.fromEntries(settings)).toMatchObject({
    front: [true, false, undefined],
    data: [true, true, undefined],
    "back-balancer": [true, false, false],
    "reverse-proxy": [false, false, undefined],
  });
});

test("dev, which release 0.2.0 made, has no Trusted Launch; every image is pinned", () => {
  expect(new Set(machineGroups(planOf("dev")).map(({ trustedLaunch }) => trustedLaunch))).toEqual(new Set([false]));
  for (const stack of ["dev", "prod", "tools"]) expect(planOf(stack).imageVersion).toMatch(/^0\.\d{8}\.\d+$/);
});
