import { expect, test } from "vitest";
import { machine, world } from "../fabric/testing/world.ts";
import type { MachineStatus } from "../world.ts";
import { describe, stackStatus } from "./status.ts";

const group = "/subscriptions/s/resourcegroups/rg-platform-dev/providers";
const set = `${group}/microsoft.compute/virtualmachinescalesets/vmss`;
const network = { id: "/vnet", name: "vnet", prefixes: [], peers: [], subnets: [] };
const member = (name: string, more: object = {}) =>
  machine(network, 0, "10.20.1.5", {
    id: `${group}/microsoft.compute/virtualmachines/${name}`,
    name,
    scaleSetId: set,
    tags: { tier: "front" },
    ...more,
  });
const seen = (name: string, health: MachineStatus["health"]): MachineStatus => ({
  id: `${group}/microsoft.compute/virtualmachines/${name}`,
  power: "running",
  ready: true,
  health,
  scripts: [],
});

const status = stackStatus({
  pid: 1,
  world: world({
    machines: [member("a", { terminating: true }), member("b"), member("c")],
    scaleSets: [{ id: set, name: "vmss", tags: { tier: "front" }, capacity: 2, repairs: "Suspended" }],
    loadBalancers: [
      {
        id: `${group}/microsoft.network/loadbalancers/lbi`,
        name: "lbi",
        tags: { tier: "front", balance: "cpu" },
        rules: [
          {
            name: "service",
            protocol: "tcp",
            address: "10.20.1.254",
            public: false,
            port: 3000,
            backendPort: 3000,
            networkId: "/vnet",
            members: [],
            distribution: "Default",
          },
        ],
      },
    ],
    zones: [
      {
        id: `${group}/microsoft.network/dnszones/chatbot.example`,
        name: "chatbot.example",
        private: false,
        networkIds: [],
        records: [
          ...["@", "www", "*", "entry"].map((name) => ({
            name,
            type: "A" as const,
            ttl: 60,
            values: ["198.51.100.40"],
          })),
          { name: "api", type: "CNAME", ttl: 60, values: ["entry.chatbot.example."] },
          // Neither is a host of the stack's.
          { name: "mail", type: "A", ttl: 60, values: ["192.0.2.1"] },
          { name: "shop", type: "CNAME", ttl: 60, values: ["shop.elsewhere.example."] },
        ],
      },
    ],
    publicAddresses: [
      { id: `${group}/microsoft.network/publicipaddresses/pip`, name: "pip", address: "198.51.100.40" },
    ],
  }),
  status: {
    revision: 1,
    machines: [
      seen("a", "Healthy"),
      seen("b", "Healthy"),
      { ...seen("c", "Unhealthy"), late: "systemd-nspawn ended with status 1: Too many open files" },
    ],
    probes: [],
    errors: [],
  },
});

test("a group tells how many machines are wanted and how many are healthy, without those that are leaving", () => {
  expect(status.map(({ groups }) => groups)).toEqual([
    [{ tier: "front", wanted: 2, running: 1, repairs: "Suspended" }],
  ]);
});

test("a machine that was deleted with a notice is terminating", () => {
  expect(status[0]?.machines.map(({ name, state }) => `${name} ${state}`)).toEqual([
    "a terminating",
    "b running",
    "c running",
  ]);
});

test("a load balancer's policy is the one of its tag", () => {
  expect(status[0]?.loadBalancers[0]?.policy).toBe("cpu");
});

test("names that lead to a public address of the lab have a URL, as aliases too", () => {
  expect(status[0]?.urls).toEqual([
    "http://chatbot.example/",
    "http://www.chatbot.example/",
    "http://api.chatbot.example/",
  ]);
});

test("the tables show all of it", () => {
  expect(describe(status)).toMatch(/tier +wanted +running +repairs\n +front +2 +1 +Suspended\n/);
});

test("a machine tells its releases, and a tier whose machines differ has a line", () => {
  const releases: Record<string, string> = { b: "20261101000000", c: "20261102000000-aaaaaaaaaaaa" };
  const machines = status[0]!.machines.map((one) => ({ ...one, releases: { front: releases[one.name] ?? "old" } }));
  const text = describe([{ ...status[0]!, machines }]);
  expect(text).toMatch(/ b +front +10\.20\.1\.5 +running +Healthy +20261101000000\n/);
  expect(text).toContain("drift   front of tier front: 20261101000000 on b; 20261102000000-aaaaaaaaaaaa on c\n");
  expect(describe(status)).not.toContain("drift");
});

test("a tier that lacks a machine says why", () => {
  const [stack] = status;
  const groups = [{ ...stack!.groups[0]!, shortage: "OperationNotAllowed: no cores" }];
  expect(describe([{ ...stack!, groups }])).toContain("  front lacks a machine: OperationNotAllowed: no cores\n");
  expect(describe(status)).not.toContain("lacks a machine");
});

test("a machine that is late has a line with the reason, and no other has one", () => {
  expect(status[0]?.machines.map(({ late }) => late)).toEqual([
    undefined,
    undefined,
    "systemd-nspawn ended with status 1: Too many open files",
  ]);
  expect(describe(status).match(/^late .*$/gm)).toEqual([
    "late    c is not up, and is tried again and again: systemd-nspawn ended with status 1: Too many open files",
  ]);
});
