import fc from "fast-check";
import { load, YAML11_SCHEMA } from "js-yaml";
import { expect, test } from "vitest";
import { machineGroups } from "../environment/plan.ts";
import { planOf } from "../environment/testing/stacks.ts";
import { buildInventory, renderInventory, type InventoryMachine } from "./inventory.ts";

const plan = planOf("dev");
const groups = machineGroups(plan);
const group = (name: string) => {
  const found = groups.find((candidate) => candidate.name === name);
  if (!found) throw new RangeError(`group: given ${name}, allowed are ${groups.map((each) => each.name).join(", ")}`);
  return found;
};

const machines: InventoryMachine[] = [
  { name: "front1", group: group("front"), connection: { ansible_host: "10.20.1.4" } },
  { name: "ml1", group: group("machine-learning"), connection: { ansible_host: "10.20.3.4" } },
  { name: "balancer1", group: group("back-balancer"), connection: { ansible_host: "10.20.250.4" } },
  { name: "proxy1", group: group("reverse-proxy"), connection: { ansible_host: "10.20.0.4" } },
];

const inventory = buildInventory(plan, machines, { ansible_user: "platform" });

test("a machine is in the groups of its environment, of its kind and of both", () => {
  const groupsOf = (name: string) =>
    Object.entries(inventory.all.children)
      .filter(([, { hosts }]) => name in hosts)
      .map(([child]) => child)
      .sort();
  expect(groupsOf("front1")).toEqual(["development", "front", "front_development"]);
  expect(groupsOf("ml1")).toEqual(["development", "machine_learning", "machine_learning_development"]);
  expect(groupsOf("balancer1")).toEqual(["balancer", "balancer_development", "development"]);
  expect(groupsOf("proxy1")).toEqual(["development", "reverse_proxy", "reverse_proxy_development"]);
});

test("a kind without machines has its groups all the same", () => {
  expect(inventory.all.children["back"]?.hosts).toEqual({});
  expect(inventory.all.children["back_development"]).toEqual({ hosts: {} });
});

test("a machine knows its address and the tier that it serves", () => {
  expect(inventory.all.hosts).toEqual({
    front1: { ansible_host: "10.20.1.4", platform_tier: "front" },
    ml1: { ansible_host: "10.20.3.4", platform_tier: "machine-learning" },
    balancer1: { ansible_host: "10.20.250.4", platform_tier: "back" },
    proxy1: { ansible_host: "10.20.0.4", platform_tier: "reverse-proxy" },
  });
});

test("every machine is told the environment and all tiers", () => {
  expect(inventory.all.vars).toMatchObject({
    ansible_user: "platform",
    platform_stack: "dev",
    platform_environment: "development",
    platform_domain: "dev.chatbot.example",
    platform_private_domain: "dev.chatbot.internal",
    platform_network: "10.20.0.0/16",
    platform_balancer_subnet: "10.20.250.0/24",
    platform_reverse_proxy_subnet: "10.20.0.0/24",
    platform_administrators: { user: "platform", ranges: ["198.51.100.1/32"] },
    platform_tiers: {
      back: {
        address: "10.20.2.254",
        name: "back.dev.chatbot.internal",
        port: 4000,
        subnet: "10.20.2.0/24",
        balance: "connections",
        instances: 2,
      },
      front: { balance: "hash" },
      data: { port: 5432 },
      "machine-learning": { instances: 1 },
    },
  });
  expect(inventory.all.vars["platform_administrators"]).not.toHaveProperty("identityFile");
});

test("a kind is told its applications, and only the reverse proxy the routes", () => {
  expect(inventory.all.children["front"]?.vars).toEqual({
    platform_kind: "front",
    platform_applications: [
      {
        name: "front",
        repository: "https://git.chatbot.example/front.git",
        revision: "main",
        port: 3000,
        environment: { BACK_URL: "http://back.dev.chatbot.internal:4000" },
      },
    ],
  });
  expect(inventory.all.children["reverse_proxy"]?.vars).toEqual({
    platform_kind: "reverse-proxy",
    platform_applications: [],
    platform_routes: [
      { host: "www.dev.chatbot.example", tier: "front", address: "10.20.1.254", port: 3000 },
      { host: "api.dev.chatbot.example", tier: "back", address: "10.20.2.254", port: 4000 },
    ],
  });
});

test("the same machines in another order give the same text, with sorted keys", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(machines, { minLength: machines.length }), (shuffled) => {
      expect(renderInventory(buildInventory(plan, shuffled, { ansible_user: "platform" }))).toBe(
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

test("the text holds what was built, also where YAML 1.1 would read a text as something else", () => {
  expect(load(renderInventory(inventory), { schema: YAML11_SCHEMA })).toEqual(inventory);
  const awkward = buildInventory(plan, [], { a: "yes", b: "1:30", c: "012", d: "on", e: "2020-01-01", f: "~" });
  expect(renderInventory(awkward)).toMatch(/a: 'yes'[^]*b: '1:30'[^]*c: '012'[^]*d: 'on'[^]*e: '2020-01-01'[^]*f: '~'/);
});
