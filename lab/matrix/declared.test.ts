import { expect, test } from "vitest";
import { contains } from "../../environment/address.ts";
import { root } from "../paths.ts";
import { administrator, anybody, declared, placesOf, placeText, type Place } from "./declared.ts";
import { isDeclared, type Call, type Target } from "./calls.ts";
import { planAll } from "./plans.ts";

const environments = planAll(root, ["198.51.100.1/32"]);
const rules = declared(environments);

const said = (from: string, to: string, door: Target["door"]) =>
  rules
    .filter((rule) => placeText(rule.from) === from && placeText(rule.to) === to && rule.door === door)
    .flatMap(({ ports }) => ports)
    .sort((a, b) => a - b);

test.each([
  ["development/reverse-proxy", "development/front", "machines", [22, 3000]],
  ["development/front", "development/back", "address", [4000]],
  // Balancers stand in between.
  ["development/front", "development/back", "machines", []],
  ["development/front", "development/balancer", "machines", [4000]],
  ["development/balancer", "development/back", "machines", [4000, 8998, 8999]],
  ["development/back", "development/front", "address", []],
  ["development/back", "development/data", "machines", [5432]],
  ["production/reverse-proxy", "tools/reverse-proxy", "address", [22, 80]],
  ["tools/reverse-proxy", "production/reverse-proxy", "address", []],
  ["tools/runner", "development/reverse-proxy", "address", [22]],
  ["tools/runner", "tools/gitlab", "address", [80]],
  // It waits until development says `entry: production`.
  ["production/reverse-proxy", "development/reverse-proxy", "address", []],
  ["tools/gitlab", "production/reverse-proxy", "public", [80, 443]],
  ["internet/anybody", "tools/reverse-proxy", "public", []],
  ["internet/anybody", "production/reverse-proxy", "public", [80, 443]],
  ["internet/administrator", "production/reverse-proxy", "public", [22, 80, 443]],
] as const)("from %s to %s (%s) is declared what the committed stack files say", (from, to, door, ports) => {
  expect(said(from, to, door)).toEqual(ports);
});

test("what is declared between machines is what the plans' security groups let through, which other code has made", () => {
  const subnets = environments.flatMap(({ plan }) =>
    plan.subnets.map((subnet) => ({ subnet, place: { environment: plan.environment, part: subnet.name }, plan })),
  );
  const lists = (blocks: readonly string[], block: string) => blocks.some((one) => contains(one, block));
  const find = (place: Place) => subnets.find((one) => placeText(one.place) === placeText(place))!;
  const passes = ({ caller, target, port }: Call) => {
    const [from, to] = [find(caller.place), find(target.place)];
    const isPeered =
      from.plan === to.plan || from.plan.peers.some(({ environment }) => environment === to.plan.environment);
    const block = from.subnet.addressPrefix;
    const inbound = to.subnet.rules.find(
      ({ sources, ports }) =>
        (sources === "*" || (Array.isArray(sources) && lists(sources, block))) &&
        (ports.includes("*") || ports.includes(`${port}`)),
    );
    const outbound = [...from.subnet.outboundRules]
      .sort((a, b) => a.priority - b.priority)
      .find(
        ({ destinations, ports }) =>
          lists(destinations, to.subnet.addressPrefix) && (ports.includes("*") || ports.includes(`${port}`)),
      );
    return isPeered && inbound?.access === "Allow" && outbound?.access !== "Deny";
  };
  const places = environments.flatMap(({ plan }) => placesOf(plan));
  const ports = [...new Set([1, 443, ...rules.flatMap((rule) => rule.ports)])];
  const calls = places.flatMap((from) =>
    places.flatMap((to) =>
      ports.map((port): Call => ({
        caller: { place: from, name: "one" },
        target: { place: to, door: "machines", address: "", name: "other", serves: [], members: [] },
        port,
      })),
    ),
  );
  const text = ({ caller, target, port }: Call) => `${placeText(caller.place)} > ${placeText(target.place)}:${port}`;
  expect(calls.filter((call) => isDeclared(rules, call)).map(text)).toEqual(calls.filter(passes).map(text));
  expect(calls.filter(passes).length).toBeGreaterThan(30);
});

test("clients outside are in no environment", () => {
  expect([anybody, administrator].map(({ environment }) => environment)).toEqual(["internet", "internet"]);
});
