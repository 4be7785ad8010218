import { expect, test } from "vitest";
import { devWith, mistakes } from "./testing/mistakes.ts";
import { committed, planOf } from "./testing/stacks.ts";

const at = "platform:environment.tiers.back.outbound";

/** A stack's subnets where nothing passes to other environments. */
const subnetsOf = (stack: string, environment: Record<string, unknown>) => {
  const reverseProxy = { ...(environment["reverseProxy"] as object), forwards: [] };
  return planOf(stack, { ...environment, reverseProxy, peers: {} }, undefined, []).subnets;
};

/** Outbound rules of dev's subnets with this setting of the tier back, which reaches data and machine-learning. */
const rules = (outbound: unknown) =>
  Object.fromEntries(
    subnetsOf("dev", devWith("back", outbound === undefined ? {} : { outbound })).map(({ name, outboundRules }) => [
      name,
      outboundRules.map(({ priority, access, protocol, destinations, ports, ...rule }) =>
        [priority, access, protocol, destinations.join(), ports.join(), rule.name].join(" "),
      ),
    ]),
  );

const nameOf = ({ name }: { name: string }) => name;

test("a tier that says nothing may call everything", () => {
  expect(new Set(Object.values(rules(undefined)).map((each) => each.length))).toEqual(new Set([0]));
});

test("a tier calls what it lists and the tiers that it reaches, and nothing else; other tiers are as before", () => {
  const { back, ...others } = rules([
    { to: "Internet", ports: [443] },
    { to: "198.51.100.0/24", ports: [80, 443] },
    { to: "198.51.100.0/24", ports: [53], protocol: "udp" },
    { to: "AzureKeyVault.WestEurope", ports: [443] },
  ]);
  expect(back).toEqual([
    "900 Allow Tcp AzureKeyVault 443 allow-vault-out",
    "901 Allow Tcp Storage 443 allow-store-out",
    "1004 Allow Tcp 10.20.4.0/24 5432 allow-out-data",
    "1003 Allow Tcp 10.20.3.0/24 5000 allow-out-machine-learning",
    "2000 Allow Tcp Internet 443 allow-out-Internet-tcp",
    "2001 Allow Tcp 198.51.100.0/24 80,443 allow-out-198.51.100.0_24-tcp",
    "2002 Allow Udp 198.51.100.0/24 53 allow-out-198.51.100.0_24-udp",
    "2003 Allow Tcp AzureKeyVault.WestEurope 443 allow-out-AzureKeyVault.WestEurope-tcp",
    "4096 Deny * * * deny-out-all",
  ]);
  expect(Object.values(others).flat()).toEqual([]);
});

test("a tier that machines balance is reached by its load balancer's address, and by their subnet", () => {
  const front = planOf("dev", devWith("front", { outbound: [], reaches: ["back"] })).subnets.find(
    ({ name }) => name === "front",
  );
  expect(front?.outboundRules.find(({ name }) => name === "allow-out-back")?.destinations).toEqual([
    "10.20.2.254/32",
    "10.20.250.0/24",
  ]);
});

test.each(["dev", "prod"])(
  "in %s an empty list leaves the tiers that are reached, the vault to a tier with secrets, and the store to one with applications",
  (stack) => {
    const environment = committed(stack) as Record<string, unknown> & { tiers: Record<string, object> };
    for (const tier of Object.values(environment.tiers)) Object.assign(tier, { outbound: [] });
    const subnets = subnetsOf(stack, environment);
    const left = Object.fromEntries(subnets.map(({ name, outboundRules }) => [name, outboundRules.map(nameOf)]));
    expect(left).toMatchObject({
      front: ["allow-store-out", "allow-out-back", "deny-out-all"],
      back: ["allow-vault-out", "allow-store-out", "allow-out-data", "allow-out-machine-learning", "deny-out-all"],
      "machine-learning": ["allow-store-out", "deny-out-all"],
      data: ["allow-vault-out", "deny-out-all"],
    });
  },
);

test("names of rules are such as Azure takes, and no two of a group are alike", () => {
  const group = planOf("dev", devWith("back", { outbound: [{ to: "198.51.100.0/24", ports: [1] }] })).subnets.find(
    ({ name }) => name === "back",
  );
  const names = [...(group?.rules ?? []), ...(group?.outboundRules ?? [])].map(({ name }) => name.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9][\w.-]{0,78}\w$/);
});

const wrongPorts = "at least one port from 1 to 65535, each once";
test.each([
  ["VirtualNetwork", [443]],
  ["AzurePlatformDNS", [53]],
  ["internet", [443]],
  ["198.51.100.1/24", [443]],
  ["back", [4000]],
])("%s is nothing that a tier may name", (to, ports) => {
  expect(mistakes({ environment: devWith("back", { outbound: [{ to, ports }] }) })).toEqual([
    [
      `${at}[0].to`,
      `"${to}"`,
      "Internet, an IPv4 block such as 198.51.100.0/24, or one of Azure's service tags other than VirtualNetwork, " +
        "AzureLoadBalancer and AzurePlatform..., for example AzureKeyVault.WestEurope",
    ],
  ]);
});

test.each([[[]], [[0]], [[65536]], [[443, 443]], [["443"]]])("ports are not %j", (ports) => {
  const [mistake, ...others] = mistakes({ environment: devWith("back", { outbound: [{ to: "Internet", ports }] }) });
  expect(mistake?.[0]).toMatch(/outbound\[0\]\.ports/);
  expect([mistake?.[2], others]).toEqual([wrongPorts, []]);
});

test("a place is named once for a protocol, and tiers are named in reaches", () => {
  const outbound = [
    { to: "Internet", ports: [443] },
    { to: "Internet", ports: [123], protocol: "udp" },
    { to: "Internet", ports: [80] },
    { to: "10.20.4.0/24", ports: [5432] },
  ];
  expect(mistakes({ environment: devWith("back", { outbound }) })).toEqual([
    [`${at}[2].to`, '"Internet"', "each place once for a protocol; add the ports to outbound[0]"],
    [
      `${at}[3].to`,
      '"10.20.4.0/24"',
      "a block outside of the environment's network, 10.20.0.0/16; name tiers in `reaches`",
    ],
  ]);
});
