import { expect, test } from "vitest";
import type { Plan } from "./plan.ts";
import type { Sibling } from "./siblings.ts";
import { committed, planOf, siblingsOf } from "./testing/stacks.ts";

/** The three committed environments, with other reverse proxies of dev's. */
function plans(reverseProxyOfDev: object = {}): Record<"dev" | "prod" | "tools", Plan> {
  const dev = committed("dev");
  dev["reverseProxy"] = { ...(dev["reverseProxy"] as object), ...reverseProxyOfDev };
  const siblings: Sibling[] = [{ file: "Pulumi.dev.yaml", environment: dev }, ...siblingsOf("prod", "tools")];
  const plan = (stack: string) =>
    planOf(
      stack,
      siblings.find(({ file }) => file === `Pulumi.${stack}.yaml`)?.environment,
      undefined,
      siblings.filter(({ file }) => file !== `Pulumi.${stack}.yaml`),
    );
  return { dev: plan("dev"), prod: plan("prod"), tools: plan("tools") };
}

const peersOf = ({ peers }: Plan) =>
  peers.map(({ environment, makes, reaches, admits }) => {
    const text = (flows: typeof reaches) => flows.map(({ from, to, port }) => `${from} ${to} ${port}`);
    return [environment, makes, text(reaches), text(admits)];
  });

const proxies = ["reverse-proxy reverse-proxy 80", "reverse-proxy reverse-proxy 22"];
const runners = ["runner reverse-proxy 22"];

/** What a subnet lets in of other environments, and what it may call and not call there. */
function rulesOf({ subnets }: Plan, name: string) {
  const subnet = subnets.find((one) => one.name === name) ?? expect.fail(`no subnet ${name}`);
  const inbound = subnet.rules.filter((rule) => rule.name.includes("."));
  return [
    ...inbound.map(
      ({ name: rule, priority, sources, ports }) => `${priority} ${rule} ${[sources].flat().join()} ${ports.join()}`,
    ),
    ...subnet.outboundRules.map(
      ({ name: rule, priority, destinations, ports }) => `${priority} ${rule} ${destinations.join()} ${ports.join()}`,
    ),
  ];
}

test("as shipped, production is the entry of tools, and runners reach the jump hosts of both others", () => {
  const { dev, prod, tools } = plans();
  expect(peersOf(prod)).toEqual([["tools", true, proxies, runners]]);
  expect(peersOf(tools)).toEqual([
    ["development", true, runners, []],
    ["production", false, runners, proxies],
  ]);
  expect(peersOf(dev)).toEqual([["tools", false, [], runners]]);
  expect([dev, prod, tools].map(({ reverseProxy }) => reverseProxy.public)).toEqual([true, true, false]);
  expect(prod.reverseProxy.forwards).toEqual([
    {
      domain: "tools.chatbot.example",
      environment: "tools",
      address: "10.30.0.254",
      hosts: ["gitlab.tools.chatbot.example"],
    },
  ]);
  expect(tools.reverseProxy).toMatchObject({
    entry: { environment: "production", stack: "prod", domain: "chatbot.example" },
    internalAddress: "10.30.0.254",
    trustedProxies: ["10.10.0.0/24"],
  });
});

test("one line makes production the only entry of dev", () => {
  const { dev, prod } = plans({ entry: "production" });
  expect(peersOf(prod)).toEqual([
    ["development", true, proxies, []],
    ["tools", true, proxies, runners],
  ]);
  expect(peersOf(dev)).toEqual([
    ["production", false, [], proxies],
    ["tools", false, [], runners],
  ]);
  expect(dev.reverseProxy.public).toBe(false);
  expect(plans({ entry: "production", public: true }).dev.reverseProxy.public).toBe(true);
  expect(prod.reverseProxy.forwards.map(({ domain, hosts }) => [domain, hosts])).toEqual([
    ["tools.chatbot.example", ["gitlab.tools.chatbot.example"]],
    ["dev.chatbot.example", ["www.dev.chatbot.example", "api.dev.chatbot.example"]],
  ]);
});

test("what passes to a peered network is a subnet's, at ports that both declare; the rest of that network is closed", () => {
  const { prod, tools } = plans();
  expect(rulesOf(prod, "reverse-proxy")).toEqual([
    "2000 allow-tools.runner.reverse-proxy 10.30.2.0/24 22",
    "1300 allow-out-tools.reverse-proxy 10.30.0.0/24 80,22",
    "1530 deny-out-tools 10.30.0.0/16 *",
  ]);
  expect(rulesOf(prod, "back")).toEqual(["1530 deny-out-tools 10.30.0.0/16 *"]);
  expect(rulesOf(prod, "balancer")).toEqual(["1530 deny-out-tools 10.30.0.0/16 *"]);
  expect(rulesOf(tools, "reverse-proxy")).toEqual([
    "2000 allow-production.reverse-proxy.reverse-proxy 10.10.0.0/24 80,22",
    "1520 deny-out-development 10.20.0.0/16 *",
    "1510 deny-out-production 10.10.0.0/16 *",
  ]);
  expect(rulesOf(tools, "runner")).toEqual([
    "1300 allow-out-development.reverse-proxy 10.20.0.0/24 22",
    "1301 allow-out-production.reverse-proxy 10.10.0.0/24 22",
    "1520 deny-out-development 10.20.0.0/16 *",
    "1510 deny-out-production 10.10.0.0/16 *",
  ]);
});

test("an environment without a public address lets nobody in from outside", () => {
  const entering = ({ subnets }: Plan) =>
    subnets.find(({ name }) => name === "reverse-proxy")?.rules.map(({ name }) => name);
  const { dev, tools } = plans();
  expect(entering(tools)).toEqual([
    "allow-jumps",
    "allow-production.reverse-proxy.reverse-proxy",
    "allow-probes",
    "deny-all",
  ]);
  expect(entering(dev)).toEqual(expect.arrayContaining(["allow-ssh", "allow-web"]));
});

test("calls to a tier of another environment that machines balance go through its balancers, also where its caller limits what it calls", () => {
  const [prod, tools] = [committed("prod"), committed("tools")];
  const flow = { from: "runner", to: "back", port: 4000 };
  const tiers = tools["tiers"] as Record<string, object>;
  tiers["runner"] = { ...tiers["runner"], outbound: [{ to: "10.10.0.0/16", ports: [5432] }] };
  prod["peers"] = { tools: { admits: [flow, { ...flow, to: "data", port: 5432 }] } };
  tools["peers"] = { production: { reaches: [flow, { ...flow, from: "gitlab", to: "data", port: 5432 }] } };
  const called = planOf("prod", prod, undefined, [
    { file: "Pulumi.tools.yaml", environment: tools },
    ...siblingsOf("dev"),
  ]);
  const calling = planOf("tools", tools, undefined, [{ file: "Pulumi.prod.yaml", environment: prod }]);
  expect(rulesOf(called, "balancer")).toEqual([
    "2000 allow-tools.runner.back 10.30.2.0/24 4000",
    "1530 deny-out-tools 10.30.0.0/16 *",
  ]);
  // Only one side says that data is called, each another tier.
  for (const tier of ["back", "data"]) expect(rulesOf(called, tier)).toEqual(["1530 deny-out-tools 10.30.0.0/16 *"]);
  expect(rulesOf(calling, "runner")).toEqual([
    "1300 allow-out-production.back 10.10.2.254/32,10.10.250.0/24 4000",
    "1510 deny-out-production 10.10.0.0/16 *",
    "900 allow-vault-out AzureKeyVault 443",
    "1001 allow-out-gitlab 10.30.1.0/24 80",
    // A block in `outbound` opens no peered network: the rule before it denies first.
    "2000 allow-out-10.10.0.0_16-tcp 10.10.0.0/16 5432",
    "4096 deny-out-all * *",
  ]);
});
