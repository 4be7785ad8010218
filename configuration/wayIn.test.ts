import { beforeEach, expect, test } from "vitest";
import type { Arm } from "../azure/arm.ts";
import { machine, networkInterface, pages } from "../azure/testing/arm.ts";
import type { Plan } from "../environment/plan.ts";
import { planOf } from "../environment/testing/stacks.ts";
import { wayThroughEntry, withoutWayIn } from "./wayIn.ts";

const { stack, reverseProxy } = planOf("tools");
const entry = { environment: "production", stack: "prod", domain: "chatbot.example" };
const plan = { stack, reverseProxy: { ...reverseProxy, public: false, entry, internalAddress: "10.30.0.254" } };
const failure = (statusCode: number, message: string) => Object.assign(new Error(message), { statusCode });
const network = (of: string) =>
  `/subscriptions/0/resourceGroups/RG-platform-${of}/providers/Microsoft.Network/virtualNetworks/vnet-platform-${of}`;

/** What ARM has at the moment. */
let azure: {
  address: () => Promise<{ ipAddress?: string }>;
  peerings: { remoteVirtualNetwork: { id: string }; peeringState: string }[] | Error;
  machines: object[];
};
const groupsAsked: string[] = [];

const arm = {
  network: {
    publicIPAddresses: {
      get: (group: string, name: string) => {
        groupsAsked.push(group);
        expect(name).toBe("pip-platform-prod");
        return azure.address();
      },
    },
    virtualNetworkPeerings: {
      async *list(group: string, name: string) {
        groupsAsked.push(group);
        expect(name).toBe("vnet-platform-tools");
        if (azure.peerings instanceof Error) yield await Promise.reject(azure.peerings);
        else yield* azure.peerings;
      },
    },
    networkInterfaces: { list: () => pages([networkInterface("a", "10.10.0.4"), networkInterface("b", "10.10.1.4")]) },
  },
  compute: {
    virtualMachineScaleSets: { list: () => pages([]) },
    virtualMachines: {
      list: (group: string) => {
        groupsAsked.push(group);
        return pages(azure.machines);
      },
    },
  },
} as unknown as Arm;

beforeEach(() => {
  azure = {
    address: () => Promise.resolve({ ipAddress: "198.51.100.32" }),
    peerings: [
      { remoteVirtualNetwork: { id: network("dev") }, peeringState: "Connected" },
      { remoteVirtualNetwork: { id: network("prod") }, peeringState: "Connected" },
    ],
    machines: [
      machine("vmss-platform-prod-reverse-proxy", "a", "proxyA"),
      machine("vmss-platform-prod-front", "b", "frontB"),
    ],
  };
  groupsAsked.length = 0;
});

test("SSH passes the entry's public address and the internal one, and the entry's proxies alone are jump hosts there", async () => {
  const way = await wayThroughEntry(arm, plan);
  expect(way).toMatchObject({
    jumps: ["198.51.100.32", "10.30.0.254"],
    entry: { stack: "prod", resourceGroup: "rg-platform-prod", jumpHosts: [{ name: expect.anything() as string }] },
  });
  expect("entry" in way && way.entry?.jumpHosts.map(({ hostName }) => hostName)).toEqual(["proxya"]);
  expect(groupsAsked).toEqual(["rg-platform-prod", "rg-platform-tools", "rg-platform-prod"]);
});

test("an entry with a scale set in each zone has the machines of all of them", async () => {
  azure.machines = [
    machine("vmss-platform-prod-reverse-proxy-zone1", "a", "first"),
    machine("vmss-platform-prod-reverse-proxy-zone2", "b", "second"),
  ];
  const way = await wayThroughEntry(arm, plan);
  expect("entry" in way && way.entry?.jumpHosts.map(({ hostName }) => hostName)).toEqual(["first", "second"]);
});

test.each([
  [
    "that is not there",
    () => (azure.address = () => Promise.reject(failure(404, "no group"))),
    "rg-platform-prod has no public address pip-platform-prod",
  ],
  [
    "whose half of the peering is missing",
    () => (azure.peerings = [{ remoteVirtualNetwork: { id: network("prod") }, peeringState: "Initiated" }]),
    "the network of production is not peered with this one",
  ],
  [
    "that another one is peered with",
    () => (azure.peerings = [{ remoteVirtualNetwork: { id: network("dev") }, peeringState: "Connected" }]),
    "the network of production is not peered with this one",
  ],
  [
    "while this network is not there",
    () => (azure.peerings = failure(404, "no network")),
    "the network of production is not peered with this one",
  ],
  [
    "without machines",
    () => (azure.machines = []),
    "rg-platform-prod has no machines of vmss-platform-prod-reverse-proxy",
  ],
])("an entry %s is no way in, which is told with the commands that make it one", async (_, change, closed) => {
  change();
  const way = await wayThroughEntry(arm, plan);
  expect(way).toEqual({ closed });
  expect(withoutWayIn(plan, { closed })).toBe(
    `the machines of stack tools are reached through production (stack prod), which does not stand yet: ${closed}. They have \
what they installed at their first boot, and Ansible was left out. Next: pulumi up --stack prod, and then pulumi up --stack \
tools again`,
  );
});

test("an environment that nobody forwards to is told to be named there", async () => {
  const alone: Pick<Plan, "stack" | "reverseProxy"> = { stack, reverseProxy: { ...plan.reverseProxy } };
  delete alone.reverseProxy.entry;
  expect(await wayThroughEntry(arm, alone)).toEqual({ closed: "no other environment forwards to it" });
  expect(withoutWayIn(alone, { closed: "no other environment forwards to it" })).toContain("reverseProxy.forwards");
  expect(groupsAsked).toEqual([]);
});

test("a login that may not read the entry's group is told what it lacks, and where", async () => {
  azure.address = () => Promise.reject(failure(403, "AuthorizationFailed"));
  await expect(wayThroughEntry(arm, plan)).rejects.toThrow(
    /through the jump hosts of production, and this login may not read rg-platform-prod: give it there what it has in rg-platform-tools/,
  );
  azure.address = () => Promise.reject(failure(500, "InternalServerError"));
  await expect(wayThroughEntry(arm, plan)).rejects.toThrow(/^InternalServerError$/);
});
