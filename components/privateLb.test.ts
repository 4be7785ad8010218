import { expect, test } from "vitest";
import { PrivateLB, type PrivateLBArgs } from "./privateLb.ts";
import { Recorder, resourceGroupId, valueOf } from "./testing/recorder.ts";
import { common, plan, subnetId, tier } from "./testing/stack.ts";

const balancers = (name: string) => {
  const machines = tier(name).balancers;
  if (!machines) throw new RangeError(`tier: given ${name}, allowed is one behind HAProxy`);
  const { administrators, imageVersion } = plan;
  const { identityId } = common;
  return { machines, administrators, imageVersion, subnetId: "/balancers", customData: "YmFsYW5jZXI=", identityId };
};

async function build(name: string, change: Partial<PrivateLBArgs> = {}) {
  const recorder = await Recorder.start();
  const { service } = tier(name);
  const loadBalancer = new PrivateLB("lb", { ...common, tier: name, service, subnetId, ...change });
  const urn = await valueOf(loadBalancer.urn);
  const address = await valueOf(loadBalancer.address);
  const memberPool = await valueOf(loadBalancer.memberPoolId);
  const scaleSetId = (await Promise.all((loadBalancer.nodes.balancers?.scaleSetIds ?? []).map(valueOf)))[0];
  await recorder.settle();
  return { recorder, urn, address, memberPool, scaleSetId };
}

const id = (name: string) => `${resourceGroupId}/providers/Microsoft.Network/loadBalancers/${name}`;

test("hash is Azure's internal load balancer at the last free address of the tier's subnet", async () => {
  const { recorder, urn, address, memberPool } = await build("front");
  expect(urn).toContain("platform:components:PrivateLB::lb");
  expect(recorder.children("lb")).toEqual(["azure-native:network:LoadBalancer lb-lbi"]);
  expect(address).toBe("10.20.1.254");
  expect(memberPool).toBe(`${id("lbi-platform-test-front")}/backendAddressPools/members`);
  expect(recorder.one("azure-native:network:LoadBalancer").inputs).toMatchObject({
    loadBalancerName: "lbi-platform-test-front",
    sku: { name: "Standard" },
    frontendIPConfigurations: [
      {
        name: "frontend",
        privateIPAddress: "10.20.1.254",
        privateIPAllocationMethod: "Static",
        subnet: { id: subnetId },
        zones: ["1", "2", "3"],
      },
    ],
    backendAddressPools: [{ name: "members" }, { name: "balancers" }],
    tags: { tier: "front", balance: "hash" },
  });
});

test("its rule passes the tier's port to healthy members by five-tuple hash", async () => {
  const { recorder } = await build("front");
  const { inputs } = recorder.one("azure-native:network:LoadBalancer");
  const base = id("lbi-platform-test-front");
  expect(inputs["probes"]).toEqual([
    { name: "health", protocol: "Http", port: 8999, requestPath: "/health", intervalInSeconds: 5, probeThreshold: 2 },
  ]);
  expect(inputs["loadBalancingRules"]).toEqual([
    {
      name: "service-3000",
      protocol: "Tcp",
      frontendPort: 3000,
      backendPort: 3000,
      loadDistribution: "Default",
      frontendIPConfiguration: { id: `${base}/frontendIPConfigurations/frontend` },
      backendAddressPool: { id: `${base}/backendAddressPools/members` },
      probe: { id: `${base}/probes/health` },
      idleTimeoutInMinutes: 4,
      enableTcpReset: true,
      enableFloatingIP: false,
      disableOutboundSnat: false,
    },
  ]);
});

test("while a port moves both are passed on, each to itself, and a tag tells the next run of it", async () => {
  const service = {
    ...tier("front").service,
    ports: [
      { port: 3000, rule: "service-3000" },
      { port: 2900, rule: "service" },
    ],
    leaving: [2900],
    moving: true,
  };
  const { recorder } = await build("front", { service });
  const { inputs } = recorder.one("azure-native:network:LoadBalancer");
  const rules = inputs["loadBalancingRules"] as Record<string, unknown>[];
  expect(rules.map(({ name, frontendPort, backendPort }) => [name, frontendPort, backendPort])).toEqual([
    ["service-3000", 3000, 3000],
    ["service", 2900, 2900],
  ]);
  expect(inputs["tags"]).toMatchObject({ port: "to 3000" });
  const { recorder: settled } = await build("front");
  expect(settled.one("azure-native:network:LoadBalancer").inputs["tags"]).not.toHaveProperty("port");
});

test.each([
  ["service.ports: given 2900, allowed is ports among which is service.port, 3000", [2900]],
  ["service.ports[1]: given 65535, allowed is a whole number from 1 to 65534", [3000, 65535]],
])("ports are refused that Azure would refuse, or that callers do not call: %s", async (message, ports) => {
  const service = { ...tier("front").service, ports: ports.map((port) => ({ port, rule: `service-${port}` })) };
  await expect(build("front", { service })).rejects.toThrow(message);
});

test("connections puts a pair of HAProxy machines, in their own subnet, behind the same address", async () => {
  const { recorder, address, scaleSetId } = await build("back", { balancers: balancers("back") });
  expect(recorder.children("lb")).toEqual([
    "azure-native:network:LoadBalancer lb-lbi",
    "platform:components:TierHAG lb-balancers",
  ]);
  expect(address).toBe("10.20.2.254");
  expect(recorder.one("azure-native:network:LoadBalancer").inputs["tags"]).toMatchObject({ balance: "connections" });
  expect(scaleSetId).toMatch(/vmss-platform-test-back-balancer$/);
  const scaleSet = recorder.one("azure-native:compute:VirtualMachineScaleSet");
  expect(scaleSet.parent).toBe("lb-balancers");
  expect(scaleSet.inputs).toMatchObject({ sku: { capacity: 2 }, tags: { tier: "back-balancer" } });
  expect(scaleSet.inputs).toMatchObject({
    virtualMachineProfile: {
      osProfile: { customData: "YmFsYW5jZXI=", computerNamePrefix: "back-balancer" },
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            ipConfigurations: [
              {
                subnet: { id: "/balancers" },
                loadBalancerBackendAddressPools: [
                  { id: `${id("lbi-platform-test-back")}/backendAddressPools/balancers` },
                ],
              },
            ],
          },
        ],
      },
    },
  });
});

test("a change of balance moves the rule to the other pool, and changes nothing else but the tag that tells of it", async () => {
  const { service } = tier("back");
  const change = { service: { ...service, balance: "hash" as const } };
  const [hash, connections] = [await build("back", change), await build("back", { balancers: balancers("back") })];
  const inputsOf = ({ recorder }: typeof hash) => {
    const { loadBalancingRules, tags, ...others } = recorder.one("azure-native:network:LoadBalancer").inputs;
    const [{ backendAddressPool, ...rule }] = loadBalancingRules as [Record<string, unknown>];
    return { backendAddressPool, balance: (tags as Record<string, string>)["balance"], rule, others };
  };
  const base = `${id("lbi-platform-test-back")}/backendAddressPools`;
  expect(inputsOf(hash).backendAddressPool).toEqual({ id: `${base}/members` });
  expect(inputsOf(connections)).toEqual({
    ...inputsOf(hash),
    backendAddressPool: { id: `${base}/balancers` },
    balance: "connections",
  });
  // The tier's machines are in the same pool before and after: those that exist would not leave or join one.
  expect([hash.memberPool, connections.memberPool]).toEqual([`${base}/members`, `${base}/members`]);
});

test("balancers are given exactly when Azure's load balancer is not enough", async () => {
  await expect(build("back")).rejects.toThrow("given none beside balance connections");
  await expect(build("front", { balancers: balancers("back") })).rejects.toThrow("given some beside balance hash");
});

test.each([
  [["1"], ["1"]],
  [["1", "2"], undefined],
  [[], undefined],
])("an address in zones %j is asked for in zones %j", async (zones, asked) => {
  const { recorder } = await build("front", { zones });
  const [frontend] = recorder.one("azure-native:network:LoadBalancer").inputs["frontendIPConfigurations"] as Record<
    string,
    unknown
  >[];
  expect(frontend?.["zones"]).toEqual(asked);
});

test("balancers with wrong arguments are refused before the load balancer is made", async () => {
  const recorder = await Recorder.start();
  const wrong = { ...balancers("back"), customData: "" };
  const { service } = tier("back");
  const make = () => new PrivateLB("lb", { ...common, tier: "back", service, subnetId, balancers: wrong });
  expect(make).toThrow(`arguments of PrivateLB lb; nothing was made
  balancers.customData: given 0 bytes, allowed is base64 of 1 to 65535 bytes`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
