import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BalancingRule, VirtualNetwork } from "../world.ts";
import { machine, world } from "../fabric/testing/world.ts";
import { findMachine, jumpsTo } from "./machines.ts";

const network = { id: "/vnet", name: "vnet", prefixes: [], peers: [], subnets: [] };
const front = machine(network, 0, "10.20.1.4", {
  id: "/subscriptions/s/resourcegroups/rg-platform-dev/providers/microsoft.compute/virtualmachines/front-vmss_1a2b3c4d",
  name: "front-vmss_1a2b3c4d",
  hostName: "front1a2b3c",
});
const found = (name: string) => findMachine({ world: world({ machines: [front] }) }, name).name;

test.each(["front-vmss_1a2b3c4d", "front1a2b3c", "10.20.1.4", "front1a2b3c.dev", "front-vmss_1a2b3c4d.dev"])(
  "a machine is found as %s",
  (name) => {
    expect(found(name)).toBe("front-vmss_1a2b3c4d");
  },
);

test("one that is not there, or in another stack, is told with those that are", () => {
  expect(() => found("front1a2b3c.prod")).toThrow(
    'no machine "front1a2b3c.prod"; machines of the lab:\n  front-vmss_1a2b3c4d  (10.20.1.4)',
  );
});

test("a machine is reached by its network's public address, or by its entry's and the internal one of its own proxies", () => {
  const project = mkdtempSync(join(tmpdir(), "lab-test-"));
  const idIn = (stack: string, rest: string) =>
    `/subscriptions/s/resourcegroups/rg-platform-${stack}/providers/${rest}`;
  const networkOf = (stack: string, peers: string[]): VirtualNetwork => ({
    ...network,
    id: idIn(stack, "microsoft.network/virtualnetworks/vnet"),
    peers: peers.map((peer) => idIn(peer, "microsoft.network/virtualnetworks/vnet")),
  });
  const prod = networkOf("prod", ["tools"]);
  const tools = networkOf("tools", ["prod"]);
  const machineOf = (stack: string, of: VirtualNetwork, address: string, tier: string) =>
    machine(of, 0, address, { id: idIn(stack, `vm/${address}`), tags: { tier } });
  const [entryProxy, proxy, gitlab] = [
    machineOf("prod", prod, "10.10.0.4", "reverse-proxy"),
    machineOf("tools", tools, "10.30.0.4", "reverse-proxy"),
    machineOf("tools", tools, "10.30.1.4", "gitlab"),
  ];
  const ssh = (networkId: string, address: string, isPublic: boolean): BalancingRule => ({
    ...{ name: "ssh", protocol: "tcp", port: 22, backendPort: 22, members: [], distribution: "Default" },
    ...{ networkId, address, public: isPublic },
  });
  const rules = [ssh(prod.id, "198.51.100.32", true), ssh(tools.id, "10.30.0.254", false)];
  const daemon = {
    world: world({
      networks: [prod, tools],
      machines: [entryProxy, proxy, gitlab],
      loadBalancers: [{ id: "/lb", name: "lb", tags: {}, rules }],
    }),
  };
  const named = (name: string, more = "") => `config:\n  platform:environment:\n    name: ${name}${more}`;
  writeFileSync(join(project, "Pulumi.prod.yaml"), named("production"));
  writeFileSync(join(project, "Pulumi.tools.yaml"), named("tools", "\n    reverseProxy: {entry: production}"));
  const entry = { address: "198.51.100.32", proxies: [entryProxy] };
  expect(jumpsTo(daemon, entryProxy, project)).toEqual([entry]);
  expect(jumpsTo(daemon, gitlab, project)).toEqual([entry, { address: "10.30.0.254", proxies: [proxy] }]);
  const alone = { world: { ...daemon.world, networks: [{ ...tools, peers: [] }] } };
  expect(() => jumpsTo(alone, gitlab, project)).toThrow("it is reached through prod: bin/lab up prod");
  rmSync(project, { recursive: true });
});
