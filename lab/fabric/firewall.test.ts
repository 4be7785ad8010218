import { describe, expect, test } from "vitest";
import type { VirtualNetwork } from "../world.ts";
import { firewallChains, securityRules, virtualNetworkRanges } from "./firewall.ts";
import { blockRange, rangeText, union } from "./ranges.ts";
import { defaultRules, machine, rule, world } from "./testing/world.ts";

const vnet = union(["10.20.0.0/16", "168.63.129.16"].map(blockRange));
const lines = (...rules: Parameters<typeof rule>[0][]) => securityRules(rules.map(rule), "Inbound", vnet);
const inbound = { direction: "Inbound", access: "Allow" } as const;

describe("security rules", () => {
  test("are judged by priority, whatever their order, and the end denies", () => {
    expect(
      lines(
        { ...inbound, name: "b", priority: 200, access: "Deny", protocol: "icmp" },
        { ...inbound, name: "a", priority: 100, protocol: "tcp", destinationPorts: ["22"] },
      ),
    ).toEqual(["meta l4proto tcp th dport { 22 } return", "meta l4proto icmp drop", "drop"]);
  });
  test("of the other direction are left out", () => {
    expect(lines({ name: "out", direction: "Outbound", priority: 100, access: "Allow" })).toEqual(["drop"]);
  });
  test("of the outbound direction are judged by destinations, and the end denies", () => {
    const outbound = { direction: "Outbound", protocol: "tcp" } as const;
    const web = { name: "web", priority: 100, access: "Allow", destinations: ["Internet"] } as const;
    const peer = { name: "peer", priority: 200, access: "Deny", destinations: ["VirtualNetwork"] } as const;
    const rules = [
      rule({ ...outbound, ...web, destinations: [...web.destinations], destinationPorts: ["443"] }),
      rule({ ...outbound, ...peer, destinations: [...peer.destinations] }),
    ];
    expect(securityRules(rules, "Outbound", vnet)).toEqual([
      "ip daddr { 0.0.0.0-10.19.255.255, 10.21.0.0-168.63.129.15, 168.63.129.17-255.255.255.255 } meta l4proto tcp th dport { 443 } return",
      "ip daddr { 10.20.0.0-10.20.255.255, 168.63.129.16 } meta l4proto tcp drop",
      "drop",
    ]);
  });
  test("for a service that the lab does not have match nothing", () => {
    const elsewhere = { ...inbound, name: "a", priority: 100, sources: ["Sql.WestEurope"] };
    expect(lines(elsewhere)).toEqual(["drop"]);
    expect(lines({ ...elsewhere, sources: ["AzureMonitor", "10.1.2.3"] })[0]).toBe("ip saddr { 10.1.2.3 } return");
  });
  test("for vaults and storage match their addresses, of any region", () => {
    const matched = (...sources: string[]) => lines({ ...inbound, name: "a", priority: 100, sources })[0];
    expect(matched("AzureKeyVault")).toBe("ip saddr { 198.51.100.12 } return");
    expect(matched("AzureKeyVault.WestEurope")).toBe(matched("AzureKeyVault"));
    expect(matched("Storage.NorthEurope", "AzureKeyVault")).toBe("ip saddr { 198.51.100.12-198.51.100.13 } return");
  });
  test("with ports and any protocol match TCP and UDP only", () => {
    expect(lines({ ...inbound, name: "a", priority: 100, destinationPorts: ["8000-8099", "80", "81"] })[0]).toBe(
      "meta l4proto { tcp, udp } th dport { 80-81, 8000-8099 } return",
    );
  });
  test("with overlapping sources become one set, which nftables would refuse otherwise", () => {
    expect(
      lines({ ...inbound, name: "a", priority: 100, sources: ["10.1.0.0/16", "10.1.2.0/24", "10.1.2.3"] })[0],
    ).toBe("ip saddr { 10.1.0.0-10.1.255.255 } return");
  });
  test("for the tag Internet match what is not in the virtual network", () => {
    expect(lines({ ...inbound, name: "a", priority: 100, sources: ["Internet"] })[0]).toBe(
      "ip saddr { 0.0.0.0-10.19.255.255, 10.21.0.0-168.63.129.15, 168.63.129.17-255.255.255.255 } return",
    );
  });
  test("for the tag AzureLoadBalancer match the probes' address", () => {
    expect(lines({ ...inbound, name: "a", priority: 100, sources: ["AzureLoadBalancer"] })[0]).toBe(
      "ip saddr { 168.63.129.16 } return",
    );
  });
  test("for everything match without a condition", () => {
    expect(lines({ ...inbound, name: "a", priority: 100, sources: ["0.0.0.0/0"] })[0]).toBe("return");
  });
});

describe("a router's rules", () => {
  const network: VirtualNetwork = {
    id: "/vnet",
    name: "vnet",
    prefixes: ["10.20.0.0/16"],
    peers: ["/peer"],
    subnets: [
      { id: "/a", name: "a", prefix: "10.20.1.0/24", rules: defaultRules, natAddress: "198.51.100.40" },
      { id: "/b", name: "b", prefix: "10.20.2.0/24" },
    ],
  };
  const peer: VirtualNetwork = { id: "/peer", name: "peer", prefixes: ["10.30.0.0/16"], peers: [], subnets: [] };
  const a = machine(network, 0, "10.20.1.4", { rules: [rule({ ...inbound, name: "nic", priority: 100 })] });
  const a2 = machine(network, 0, "10.20.1.5");
  const b = machine(network, 1, "10.20.2.4");
  const text = (...machines: (typeof a)[]) =>
    firewallChains(world({ networks: [network, peer], machines }), network).join("\n");
  const chainOf = (ruleset: string, name: RegExp) =>
    ruleset
      .split(/^ {2}chain /m)
      .find((one) => name.test(one))
      ?.split("\n")
      .slice(1, -1)
      .map((line) => line.trim()) ?? [];

  test("ask the subnet's group and the interface's group, both", () => {
    expect(chainOf(text(a), /^lm\w+_in /).filter((line) => line.startsWith("jump in_"))).toHaveLength(2);
    expect(chainOf(text(a2), /^lm\w+_in /).filter((line) => line.startsWith("jump in_"))).toHaveLength(1);
  });
  test("hold the same group once for all its machines", () => {
    expect(text(a, a2).match(/chain in_/g)).toHaveLength(2);
  });
  test("close a machine without any group to the Internet, not to its network", () => {
    expect(chainOf(text(b), /^lm\w+_in /)).toEqual([
      "ip saddr != { 10.20.0.0-10.20.255.255, 10.30.0.0-10.30.255.255, 168.63.129.16 } drop",
      "accept",
      "}",
    ]);
  });
  test("let out only subnets with a NAT gateway, and never to private addresses", () => {
    const internet = chainOf(text(), /^internet /);
    expect(internet.filter((line) => line.endsWith("accept"))).toEqual(["ip saddr 10.20.1.0/24 accept"]);
    expect(internet.at(-2)).toBe("drop");
    expect(internet[1]).toMatch(/^ip daddr \{ 10\.0\.0\.0-10\.255\.255\.255,.* drop$/);
    expect(text()).toContain(`oifname "uplink" ip saddr 10.20.1.0/24 snat to 198.51.100.40`);
  });
  test("let subnets with a service endpoint ask the service with their own addresses, with a NAT gateway or without", () => {
    const [a1, b1] = network.subnets;
    const subnets = [
      { ...a1!, serviceEndpoints: ["Microsoft.Storage"] },
      { ...b1!, serviceEndpoints: ["Microsoft.KeyVault"] },
    ];
    const ruleset = firewallChains(world({ networks: [{ ...network, subnets }, peer] }), { ...network, subnets });
    expect(chainOf(ruleset.join("\n"), /^internet /).slice(2)).toEqual([
      "ip saddr 10.20.1.0/24 ip daddr 198.51.100.13 accept",
      "ip saddr 10.20.2.0/24 ip daddr 198.51.100.12 accept",
      "ip saddr 10.20.1.0/24 accept",
      "drop",
      "}",
    ]);
    expect(chainOf(ruleset.join("\n"), /^source /).slice(1)).toEqual([
      `oifname "uplink" ip saddr 10.20.1.0/24 ip daddr 198.51.100.13 accept`,
      `oifname "uplink" ip saddr 10.20.2.0/24 ip daddr 198.51.100.12 accept`,
      `oifname "uplink" ip saddr 10.20.1.0/24 snat to 198.51.100.40`,
    ]);
  });
  test("let every machine reach the platform's own addresses, and those only answer what they serve", () => {
    expect(chainOf(text(a), /^outbound /)).toContain("ip daddr { 168.63.129.16, 169.254.169.254 } accept");
    expect(chainOf(text(a), /^platform /)).toEqual(
      expect.arrayContaining([
        "type filter hook input priority filter; policy drop;",
        `iifname "lm*" ip daddr 169.254.169.254 tcp dport 80 accept`,
      ]),
    );
  });
  test("ask an outbound group twice: for a load balancer's address, and for that of the member that it chose", () => {
    const asked = chainOf(text(a), /^outbound /).find((line) => line.startsWith("iifname vmap"));
    expect(asked).toMatch(/"lm\w+" : jump lm\w+_out/);
    expect(chainOf(text(a), /^balanced /)).toEqual([
      "type filter hook forward priority filter - 1; policy accept;",
      "ct state established,related accept",
      "ct state invalid drop",
      asked,
      "}",
    ]);
  });
  test("drop what comes from, or goes to, a machine that they do not know", () => {
    expect(chainOf(text(), /^outbound /)).toContain(`iifname "lm*" drop`);
    expect(chainOf(text(), /^inbound /)[0]).toContain("policy drop");
    expect(chainOf(text(), /^probes /)).toContain(`oifname "lm*" drop`);
  });
  test("count the peers' address space as virtual network", () => {
    expect(virtualNetworkRanges(world({ networks: [network, peer] }), network).map(rangeText)).toEqual([
      "10.20.0.0-10.20.255.255",
      "10.30.0.0-10.30.255.255",
      "168.63.129.16",
    ]);
  });
  test("do not count a peer that the tag does not stand for, while a rule that names its addresses does", () => {
    const untagged = { ...network, untaggedPeers: ["/peer"] };
    const ranges = virtualNetworkRanges(world({ networks: [untagged, peer] }), untagged);
    expect(ranges.map(rangeText)).toEqual(["10.20.0.0-10.20.255.255", "168.63.129.16"]);
    const named = rule({ name: "peer", priority: 100, direction: "Inbound", access: "Allow", sources: peer.prefixes });
    expect(securityRules([named], "Inbound", ranges)).toEqual(["ip saddr { 10.30.0.0-10.30.255.255 } return", "drop"]);
  });
});
