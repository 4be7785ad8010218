import { describe, expect, test } from "vitest";
import type { BalancingRule, VirtualNetwork } from "../world.ts";
import { loadBalancerChain } from "./loadBalancer.ts";
import { machine, world } from "./testing/world.ts";

const network: VirtualNetwork = {
  id: "/vnet",
  name: "vnet",
  prefixes: ["10.20.0.0/16"],
  peers: [],
  subnets: [{ id: "/a", name: "a", prefix: "10.20.1.0/24" }],
};
const one = machine(network, 0, "10.20.1.4");
const two = machine(network, 0, "10.20.1.10");
const rule: BalancingRule = {
  name: "front",
  protocol: "tcp",
  address: "10.20.1.254",
  public: false,
  port: 80,
  backendPort: 3000,
  networkId: network.id,
  members: [two.id, one.id],
  distribution: "Default",
  probe: { id: "/probe", protocol: "tcp", port: 3000, interval: 5, threshold: 2 },
};
const text = (
  given: Partial<BalancingRule> = {},
  isUp: (machineId: string) => boolean = () => true,
  machines = [one, two],
) =>
  loadBalancerChain(
    world({
      networks: [network],
      machines,
      loadBalancers: [{ id: "/lb", name: "lb", tags: {}, rules: [{ ...rule, ...given }] }],
    }),
    network,
    (_probe, machineId) => isUp(machineId),
  )
    .split("\n")[2]
    ?.trim() ?? "";

describe("a load balancer's rule", () => {
  test("spreads flows by their five values over the members, in the order of their addresses", () => {
    expect(text()).toMatch(
      /^ip daddr 10\.20\.1\.254 tcp dport 80 dnat ip to jhash ip saddr \. tcp sport \. ip daddr \. tcp dport mod 2 seed 0x[0-9a-f]{8} map \{ 0 : 10\.20\.1\.4 \. 3000, 1 : 10\.20\.1\.10 \. 3000 \}$/,
    );
  });
  test("leaves out a member that is down", () => {
    expect(text({}, (id) => id === two.id)).toContain("mod 1");
    expect(text({}, (id) => id === two.id)).toContain("map { 0 : 10.20.1.10 . 3000 }");
  });
  test("leaves out a machine that is switched off, at once", () => {
    expect(text({}, () => true, [{ ...one, powered: false }, two])).toContain("map { 0 : 10.20.1.10 . 3000 }");
  });
  test("drops new flows when nobody is up", () => {
    expect(text({}, () => false)).toBe("ip daddr 10.20.1.254 tcp dport 80 drop");
  });
  test("without a probe counts every member as up", () => {
    expect(text({ probe: undefined }, () => false)).toContain("mod 2");
  });
  test("with source distribution looks at addresses only", () => {
    expect(text({ distribution: "SourceIP" })).toContain("jhash ip saddr . ip daddr mod 2");
    expect(text({ distribution: "SourceIPProtocol" })).toContain("jhash ip saddr . ip daddr . meta l4proto mod 2");
  });
  test("keeps its seed when the members change, so that clients keep their server", () => {
    const seed = (line: string) => /seed (\S+)/.exec(line)?.[1];
    expect(seed(text())).toBe(seed(text({ members: [one.id] })));
  });
  test("for a public address holds for traffic from the Internet only", () => {
    expect(text({ public: true, address: "198.51.100.41" })).toMatch(/^iifname "uplink" ip daddr 198\.51\.100\.41 /);
  });
  test("of another network's members is not this router's", () => {
    expect(text({ networkId: "/other" })).toBe("}");
  });
});
