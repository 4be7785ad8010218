import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { load, YAML11_SCHEMA } from "js-yaml";
import { expect, test } from "vitest";
import { machineGroups } from "../environment/plan.ts";
import { portsOf } from "../environment/portMoves.ts";
import { committed, planOf } from "../environment/testing/stacks.ts";
import { buildInventory, groupNames, renderInventory, type InventoryMachine } from "./inventory.ts";

const plan = planOf("dev");
const groups = machineGroups(plan);
const group = (name: string) => {
  const found = groups.find((candidate) => candidate.name === name);
  if (!found) throw new RangeError(`group: given ${name}, allowed are ${groups.map((each) => each.name).join(", ")}`);
  return found;
};

const access = {
  uri: "https://kv-dev.vault.azure.net/",
  storeUrl: "https://stdev.blob.core.windows.net",
  clientIds: Object.fromEntries(groups.map(({ name }) => [name, `client-of-${name}`])),
};

const machines: InventoryMachine[] = [
  { name: "front1", group: group("front"), connection: { ansible_host: "10.20.1.4" } },
  { name: "ml1", group: group("machine-learning"), connection: { ansible_host: "10.20.3.4" } },
  { name: "balancer1", group: group("back-balancer"), connection: { ansible_host: "10.20.250.4" } },
  { name: "proxy1", group: group("reverse-proxy"), connection: { ansible_host: "10.20.0.4" } },
];

const inventory = buildInventory(plan, machines, { ansible_user: "platform" }, access);
const { children } = inventory.all;

/** Groups of a host and of its groups, as Ansible finds them. */
function groupsOf(host: string): string[] {
  const above = (name: string): string[] =>
    Object.entries(children).flatMap(([parent, group]) =>
      name in (group.children ?? {}) ? [parent, ...above(parent)] : [],
    );
  const direct = Object.entries(children).flatMap(([name, { hosts }]) => (host in (hosts ?? {}) ? [name] : []));
  return [...new Set(direct.flatMap((name) => [name, ...above(name)]))].sort();
}

test("a machine is in the groups of its environment, of its kind, of both, and of its tier in the environment", () => {
  expect(groupsOf("front1")).toEqual(["development", "front", "front_development"]);
  expect(groupsOf("ml1")).toEqual(["development", "machine_learning", "machine_learning_development"]);
  expect(groupsOf("balancer1")).toEqual([
    "back_balancer_development",
    "balancer",
    "balancer_development",
    "development",
  ]);
  expect(groupsOf("proxy1")).toEqual(["development", "reverse_proxy", "reverse_proxy_development"]);
});

test("the names of a group's groups are those in which its machines are", () => {
  for (const { name, group: of } of machines) expect(groupNames(plan, of).sort()).toEqual(groupsOf(name));
});

test("a kind without machines has its groups all the same", () => {
  expect(children["back"]).toEqual({ children: { back_development: {} } });
  expect(children["back_development"]?.hosts).toEqual({});
});

test("values stand at groups of this environment only, so that inventories can be used together", () => {
  const withValues = Object.entries(children).filter(([, { vars }]) => vars !== undefined);
  for (const [name] of withValues) expect(name).toMatch(/(^|_)development$/);
  expect(Object.keys(inventory.all)).toEqual(["children"]);
  const hosts = Object.values(children).flatMap((group) => Object.values(group.hosts ?? {}));
  expect(hosts.flatMap((variables) => Object.keys(variables))).toEqual(machines.map(() => "ansible_host"));
});

test("two tiers of one kind are told different values, in groups of their own", () => {
  const environment = committed("dev");
  const admin = { kind: "front", subnetIndex: 9, instances: 1, port: 3100 };
  environment["tiers"] = { ...(environment["tiers"] as object), admin };
  const both = buildInventory(planOf("dev", environment), [], {}, access).all.children;
  expect(both["front_development"]?.children).toEqual({ admin_development: {} });
  expect(both["front_development"]?.vars).toMatchObject({ platform_kind: "front", platform_tier: "front" });
  expect(both["admin_development"]?.vars).toMatchObject({ platform_kind: "front", platform_tier: "admin" });
});

test("every machine is told the environment and all tiers", () => {
  const { vars } = children["development"] ?? {};
  expect(vars).toMatchObject({
    ansible_user: "platform",
    platform_stack: "dev",
    platform_environment: "development",
    platform_domain: "dev.chatbot.example",
    platform_private_domain: "dev.chatbot.internal",
    platform_network: "10.20.0.0/16",
    platform_balancer_address_prefix: "10.20.250.0/24",
    platform_reverse_proxy_address_prefix: "10.20.0.0/24",
    platform_store: { url: "https://stdev.blob.core.windows.net" },
    platform_health: { port: 8999, path: "/health", agent_port: 8998 },
    platform_machine_hosts: { first: 4, last: 253 },
    platform_reverse_proxies: 2,
    platform_administrators: { user: "platform", ranges: ["198.51.100.1/32"] },
    platform_tiers: {
      back: {
        kind: "back",
        address: "10.20.2.254",
        name: "back.dev.chatbot.internal",
        port: 4000,
        address_prefix: "10.20.2.0/24",
        balance: "connections",
        concurrency: 128,
        instances: 2,
        least_instances: 2,
        most_instances: 2,
        balancers: 2,
      },
      front: { balance: "hash" },
      data: { port: 5432 },
      "machine-learning": { instances: 1 },
    },
  });
  expect(vars?.["platform_administrators"]).not.toHaveProperty("identityFile");
  expect(vars?.["platform_administrators"]).not.toHaveProperty("authorities");
});

test("a group is told its kind, tier, applications and names of secrets, and only the reverse proxy the routes", () => {
  expect(children["back_development"]?.vars).toEqual({
    platform_kind: "back",
    platform_tier: "back",
    platform_processors: 2,
    platform_applications: [
      {
        name: "back",
        repository: "https://git.chatbot.example/back.git",
        revision: "main",
        port: 4000,
        environment: {
          INTENT_URL: "http://machine-learning.dev.chatbot.internal:5000",
          PGHOST: "data.dev.chatbot.internal",
          PGPORT: "5432",
          PGDATABASE: "platform",
        },
        secrets: { PGUSER: "databaseLogin.user", PGPASSWORD: "databaseLogin.password" },
      },
    ],
    platform_ports: [{ name: "back", port: 4000, besides: [] }],
    platform_secrets: {},
    platform_secret_names: ["databaseLogin"],
    platform_identity: "client-of-back",
  });
  expect(children["reverse_proxy_development"]?.vars).toEqual({
    platform_kind: "reverse-proxy",
    platform_tier: "reverse-proxy",
    platform_processors: 2,
    platform_applications: [],
    platform_ports: [],
    platform_secrets: {},
    platform_secret_names: [],
    platform_identity: "client-of-reverse-proxy",
    platform_routes: [
      { host: "www.dev.chatbot.example", tier: "front", address: "10.20.1.254", port: 3000, share: 100 },
      { host: "api.dev.chatbot.example", tier: "back", address: "10.20.2.254", port: 4000, share: 100 },
    ],
    platform_forwards: [],
    platform_tls: {
      public: true,
      redirect: false,
      strict_transport_security: 0,
      certificates: ["api", "www"].map((label) => certificateOf(`${label}.dev.chatbot.example`)),
      acme: { directory: "https://acme-v02.api.letsencrypt.org/directory" },
    },
    platform_trusted_proxies: [],
  });
});

const certificateOf = (host: string) => ({
  host,
  secret: expect.stringMatching(new RegExp(`^certificate-${host.replaceAll(".", "-")}-[0-9a-f]{8}$`)) as string,
  source: "acme",
  challenge: "http-01",
});

/** What the reverse proxies of a committed stack are told, with other settings of its reverse proxies. */
function proxiesOf(stack: string, settings: object = {}) {
  const environment = committed(stack);
  environment["reverseProxy"] = { ...(environment["reverseProxy"] as object), ...settings };
  const { all } = buildInventory(planOf(stack, environment), [], {}, access);
  return all.children[`reverse_proxy_${String(environment["name"])}`]?.vars ?? expect.fail(`no proxies of ${stack}`);
}

test("an entry forwards what others serve and has their certificates; those behind it believe its proxies", () => {
  expect(proxiesOf("prod")).toMatchObject({
    platform_forwards: [
      {
        domain: "tools.chatbot.example",
        environment: "tools",
        address: "10.30.0.254",
        hosts: ["gitlab.tools.chatbot.example"],
      },
    ],
    platform_tls: {
      public: true,
      redirect: true,
      certificates: ["api", "gitlab.tools", "www"].map((label) => certificateOf(`${label}.chatbot.example`)),
    },
    platform_trusted_proxies: [],
  });
  expect(proxiesOf("tools")).toMatchObject({
    platform_forwards: [],
    platform_tls: { public: false, certificates: [] },
    platform_trusted_proxies: ["10.10.0.0/24"],
  });
});

test("settings of TLS, of an old address and of a limit reach the reverse proxies", () => {
  const variables = proxiesOf("prod", {
    tls: {
      acme: { directory: "https://acme.example/dir", contact: "ops@chatbot.example", profile: "shortlived" },
      given: ["www.chatbot.example"],
      redirect: false,
      strictTransportSecurity: 300,
    },
    clientLimit: { requestsPerSecond: 20 },
    routes: [
      { host: "www.chatbot.example", tier: "front", legacy: "https://www.old.example", share: 5 },
      { host: "*.shops.chatbot.example", tier: "front" },
    ],
    forwards: [],
  });
  expect(variables).toMatchObject({
    platform_client_limit: { requests_per_second: 20, burst: 50 },
    platform_tls: {
      redirect: false,
      strict_transport_security: 300,
      acme: { directory: "https://acme.example/dir", contact: "ops@chatbot.example", profile: "shortlived" },
      certificates: [
        {
          host: "*.shops.chatbot.example",
          secret: expect.stringMatching(/^certificate-any-shops-chatbot-example-/) as string,
          source: "acme",
          challenge: "dns-01",
        },
        { host: "www.chatbot.example", source: "given" },
      ],
    },
  });
  expect(variables["platform_routes"]).toEqual([
    {
      host: "www.chatbot.example",
      tier: "front",
      address: "10.10.1.254",
      port: 3000,
      legacy: { scheme: "https", address: "www.old.example", port: 443 },
      share: 5,
    },
    { host: "*.shops.chatbot.example", tier: "front", address: "10.10.1.254", port: 3000, share: 100 },
  ]);
  expect(proxiesOf("dev", { tls: {} })["platform_tls"]).not.toHaveProperty("acme");
});

test("while a port moves its machines and balancers are told to serve both, and nobody else is told anything new", () => {
  const environment = committed("dev") as { tiers: Record<string, Record<string, unknown>> };
  const back = environment.tiers["back"] ?? expect.fail("dev has a back");
  const [application] = back["applications"] as Record<string, unknown>[];
  back["applications"] = [application, { ...application, name: "admin", port: 4500 }];
  const standing = (port: number, name: string) => portsOf(new Map([[port, name]]), undefined);
  const variables = (ports: Record<string, number>) =>
    buildInventory(
      planOf(
        "dev",
        environment,
        new Map(Object.entries(ports).map(([tier, port]) => [`lbi-platform-dev-${tier}`, standing(port, "service")])),
      ),
      [],
      {},
      access,
    ).all.children;
  const moving = variables({ back: 4100, data: 5400, front: 3000 });
  const portsIn = (group: string) => moving[group]?.vars?.["platform_ports"];
  expect(portsIn("back_development")).toEqual([
    { name: "back", port: 4000, besides: [4100] },
    { name: "admin", port: 4500, besides: [] },
  ]);
  expect(portsIn("back_balancer_development")).toEqual([{ name: "back-balancer", port: 4000, besides: [4100] }]);
  expect(portsIn("data_development")).toEqual([{ name: "data", port: 5432, besides: [5400] }]);
  expect(portsIn("front_development")).toEqual([{ name: "front", port: 3000, besides: [] }]);
  const settled = variables({ back: 4000, data: 5432, front: 3000 });
  const differ = Object.keys(moving).filter((name) => !isDeepStrictEqual(moving[name], settled[name]));
  expect(differ.sort()).toEqual(["back_balancer_development", "back_development", "data_development"]);
});

test("the same machines in another order give the same text, with sorted keys", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(machines, { minLength: machines.length }), (shuffled) => {
      expect(renderInventory(buildInventory(plan, shuffled, { ansible_user: "platform" }, access))).toBe(
        renderInventory(inventory),
      );
    }),
  );
  expectSorted(load(renderInventory(inventory)));
});

function expectSorted(node: unknown): void {
  if (node === null || typeof node !== "object") return;
  if (!Array.isArray(node)) expect(Object.keys(node)).toEqual(Object.keys(node).sort());
  Object.values(node).forEach(expectSorted);
}

test("the YAML holds what was built, also where YAML 1.1 would read a string as something else", () => {
  expect(load(renderInventory(inventory), { schema: YAML11_SCHEMA })).toEqual(inventory);
  const awkward = buildInventory(plan, [], { a: "yes", b: "1:30", c: "012", d: "on", e: "2020-01-01", f: "~" }, access);
  expect(renderInventory(awkward)).toMatch(/a: 'yes'[^]*b: '1:30'[^]*c: '012'[^]*d: 'on'[^]*e: '2020-01-01'[^]*f: '~'/);
});
