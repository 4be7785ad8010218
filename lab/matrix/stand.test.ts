import { expect, test } from "vitest";
import type { StackStatus } from "../cli/status.ts";
import { root } from "../paths.ts";
import { callsOf, differenceOf } from "./calls.ts";
import { declared, placeText } from "./declared.ts";
import { planAll } from "./plans.ts";
import { authorIn, callersIn, entrancesOf, standingOf, targetsIn } from "./stand.ts";
import { callTables } from "./text.ts";

const environments = planAll(root, ["198.51.100.1/32"]);

const machine = (stack: string, tier: string, address: string): StackStatus["machines"][number] => ({
  name: `${stack}-${tier}`,
  hostName: `${tier}AB12CD`,
  stack,
  tier,
  address,
  state: "running",
  health: "Healthy",
  releases: {},
  namespace: "",
});
const balancer = (name: string, address: string, port: number, members: string[]) => ({
  name,
  tier: "",
  address,
  port,
  policy: "hash",
  members: members.map((one) => ({ machine: one, state: "up" as const })),
});
const statusOf = (stack: string): StackStatus => ({
  stack,
  groups: [],
  machines:
    stack === "dev" ? [machine("dev", "front", "10.20.1.4"), machine("dev", "back-balancer", "10.20.250.4")] : [],
  loadBalancers:
    stack === "dev"
      ? [
          balancer("lbe", "198.51.100.33", 80, []),
          balancer("lbi-back", "10.20.2.254", 4000, ["dev-back-balancer"]),
          balancer("lbi-else", "10.20.9.254", 1234, []),
        ]
      : [],
  publicAddresses:
    stack === "dev"
      ? [
          { name: "pip", address: "198.51.100.33" },
          { name: "nat", address: "198.51.100.32" },
        ]
      : [],
  urls: [],
});
const statuses = ["dev", "prod", "tools"].map(statusOf);
const all = standingOf(environments, statuses);
const dev = all.find(({ stack }) => stack === "dev")!;

test("all environments must stand: what one may call depends on the others", () => {
  expect(() => standingOf(environments, statuses.slice(0, 2))).toThrow("not up: tools; make lab-all");
});

test("machines and addresses are at the places of their plan, and an address that no plan has at none of them", () => {
  const targets = targetsIn(dev, new Map([["dev-front", [22, 3000]]]));
  const found = (address: string) =>
    targets.filter((one) => one.address === address).map((one) => `${placeText(one.place)} ${one.door}`);
  expect(callersIn(dev).map(({ place }) => placeText(place))).toEqual(["development/front", "development/balancer"]);
  expect(found("10.20.250.4")).toEqual(["development/balancer machines"]);
  expect(found("10.20.2.254")).toEqual(["development/back address"]);
  // Nothing stands there yet, but the plan has it.
  expect(found("10.20.4.254")).toEqual(["development/data address"]);
  expect(found("10.20.9.254")).toEqual(["development/lbi-else address"]);
  expect(found("198.51.100.33")).toEqual(["development/reverse-proxy public"]);
  expect(found("198.51.100.32")).toEqual(["development/reverse-proxy outbound"]);
  expect(all.flatMap(entrancesOf)).toEqual([{ environment: "development", address: "198.51.100.33" }]);
});

test("an answer's author is the machine that it names, or the only environment with a stand-in for GitLab", () => {
  const author = authorIn(all);
  expect(author('{"service":"front","machine":"frontab12cd"}')).toEqual({ environment: "development", tier: "front" });
  expect(author("GitLab, the lab's stand-in\n")).toEqual({ environment: "tools", tier: "gitlab" });
  expect(author('{"machine":"frontXXXXXX"}')).toBeUndefined();
  expect(author("<html>")).toBeUndefined();
});

test("open ports are told by who calls and what is called, and what differs is marked", () => {
  const rules = declared(environments);
  const targets = targetsIn(dev, new Map([["dev-back-balancer", [4000]]]));
  const [front] = callersIn(dev);
  const calls = callsOf(front!, targets, [22, 80, 4000]);
  const outcomes = new Map([
    ["10.20.2.254:4000", "open"],
    ["10.20.250.4:22", "refused"],
    ["198.51.100.33:80", "open"],
  ] as const);
  const differences = calls.flatMap((call) => differenceOf(rules, call, outcomes) ?? []);
  expect(differences.map(({ target, port, found }) => `${target.address}:${port} ${found}`)).toEqual([
    // It reached the machine.
    "10.20.250.4:22 refused",
    // Declared, and a program listens there.
    "10.20.250.4:4000 silent",
  ]);
  expect(callTables([{ calls, outcomes }], differences)).toBe(
    [
      "development → development",
      "  from \\ to  balancer   back  data  front  machine-learning  reverse-proxy  lbi-else  reverse-proxy, public  reverse-proxy, NAT gateway",
      "  front      !22 !4000  4000  ·     ·      ·                 ·              ·         80                     ·",
    ].join("\n"),
  );
});
