import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { ReverseProxy, type ReverseProxyArgs } from "./reverseProxy.ts";
import { Recorder, resourceGroupId, valueOf } from "./testing/recorder.ts";
import { common, plan, subnetId } from "./testing/stack.ts";

const args: ReverseProxyArgs = {
  ...common,
  machines: plan.reverseProxy,
  subnetId,
  customData: "cHJveHk=",
  public: true,
};

async function build(change: Partial<ReverseProxyArgs> = {}) {
  const recorder = await Recorder.start();
  const proxy = new ReverseProxy("reverse-proxy", { ...args, ...change });
  const [urn, publicAddress, internalAddress, [scaleSetId]] = await Promise.all([
    valueOf(proxy.urn),
    proxy.publicAddress && valueOf(proxy.publicAddress),
    proxy.internalAddress && valueOf(proxy.internalAddress),
    valueOf(pulumi.all(proxy.nodes.machines.scaleSetIds)),
  ]);
  await recorder.settle();
  return { recorder, urn, publicAddress, internalAddress, scaleSetId };
}

const balancers = `${resourceGroupId}/providers/Microsoft.Network/loadBalancers`;
const base = `${balancers}/lbe-platform-test`;
const internalBase = `${balancers}/lbi-platform-test-reverse-proxy`;

/** What a load balancer passes on: name, ports and probe of each rule. */
function rulesOf(inputs: Record<string, unknown>) {
  const rules = inputs["loadBalancingRules"] as Record<string, unknown>[];
  return rules.map(({ name, frontendPort, backendPort, probe }) => [name, frontendPort, backendPort, probe]);
}

/** Pools that the machines are born into. */
function poolsOf(recorder: Recorder) {
  const { inputs } = recorder.one("azure-native:compute:VirtualMachineScaleSet");
  const { networkProfile } = inputs["virtualMachineProfile"] as {
    networkProfile: { networkInterfaceConfigurations: { ipConfigurations: Record<string, unknown>[] }[] };
  };
  return networkProfile.networkInterfaceConfigurations[0]?.ipConfigurations[0]?.["loadBalancerBackendAddressPools"];
}

test("a reverse proxy is one public address, a public load balancer and a group of machines", async () => {
  const { recorder, urn, publicAddress, scaleSetId } = await build();
  expect(urn).toContain("platform:components:ReverseProxy::reverse-proxy");
  expect(recorder.children("reverse-proxy")).toEqual([
    "azure-native:network:LoadBalancer reverse-proxy-lbe",
    "azure-native:network:PublicIPAddress reverse-proxy-address",
    "platform:components:TierHAG reverse-proxy-machines",
  ]);
  expect(publicAddress).toBe("198.51.100.32");
  expect(scaleSetId).toMatch(/vmss-platform-test-reverse-proxy$/);
  expect(recorder.one("azure-native:network:PublicIPAddress").inputs).toMatchObject({
    publicIpAddressName: "pip-platform-test",
    sku: { name: "Standard" },
    publicIPAllocationMethod: "Static",
    zones: ["1", "2", "3"],
  });
});

test("web and SSH are passed on, and nothing else", async () => {
  const { recorder } = await build();
  const { inputs } = recorder.one("azure-native:network:LoadBalancer");
  expect(rulesOf(inputs)).toEqual([
    ["http", 80, 80, { id: `${base}/probes/health` }],
    ["https", 443, 443, { id: `${base}/probes/health` }],
    ["ssh", 22, 22, { id: `${base}/probes/ssh` }],
  ]);
  expect(inputs["frontendIPConfigurations"]).toEqual([
    {
      name: "frontend",
      publicIPAddress: { id: `${resourceGroupId}/providers/Microsoft.Network/publicIPAddresses/pip-platform-test` },
    },
  ]);
});

test("machines call the outside through the NAT gateway only, so rules give them no outbound address", async () => {
  const { recorder } = await build();
  const rules = recorder.one("azure-native:network:LoadBalancer").inputs["loadBalancingRules"] as Record<
    string,
    unknown
  >[];
  expect(rules.map(({ disableOutboundSnat }) => disableOutboundSnat)).toEqual([true, true, true]);
});

test("a proxy that is unhealthy can still be reached by SSH, to be mended", async () => {
  const { recorder } = await build();
  expect(recorder.one("azure-native:network:LoadBalancer").inputs["probes"]).toEqual([
    { name: "health", protocol: "Http", port: 8999, requestPath: "/health", intervalInSeconds: 5, probeThreshold: 2 },
    { name: "ssh", protocol: "Tcp", port: 22, intervalInSeconds: 5, probeThreshold: 2 },
  ]);
});

test("proxies join the load balancer's pool", async () => {
  const { recorder, internalAddress } = await build();
  expect(poolsOf(recorder)).toEqual([{ id: `${base}/backendAddressPools/members` }]);
  expect(internalAddress).toBeUndefined();
});

test("other environments call an internal load balancer for HTTP and SSH, asked for health in the same way", async () => {
  const { recorder, publicAddress, internalAddress } = await build({ internalAddress: "10.20.0.254" });
  expect([publicAddress, internalAddress]).toEqual(["198.51.100.32", "10.20.0.254"]);
  const { inputs } = recorder.one("azure-native:network:LoadBalancer", "reverse-proxy-lbi");
  expect(inputs["loadBalancerName"]).toBe("lbi-platform-test-reverse-proxy");
  expect(inputs["frontendIPConfigurations"]).toEqual([
    {
      name: "frontend",
      privateIPAddress: "10.20.0.254",
      privateIPAllocationMethod: "Static",
      privateIPAddressVersion: "IPv4",
      subnet: { id: subnetId },
      zones: ["1", "2", "3"],
    },
  ]);
  expect(rulesOf(inputs)).toEqual([
    ["http", 80, 80, { id: `${internalBase}/probes/health` }],
    ["ssh", 22, 22, { id: `${internalBase}/probes/ssh` }],
  ]);
  expect(inputs["probes"]).toEqual(
    recorder.one("azure-native:network:LoadBalancer", "reverse-proxy-lbe").inputs["probes"],
  );
  expect(poolsOf(recorder)).toEqual([base, internalBase].map((id) => ({ id: `${id}/backendAddressPools/members` })));
});

test("the internal load balancer is made after what has to be there before its subnet is used", async () => {
  const recorder = await Recorder.start();
  const before = new ResourceGroup("before");
  new ReverseProxy("reverse-proxy", { ...args, internalAddress: "10.20.0.254", after: [before] });
  await recorder.settle();
  const dependencies = (name: string) => recorder.one("azure-native:network:LoadBalancer", name).dependencies;
  expect(dependencies("reverse-proxy-lbi")).toContain("before");
  expect(dependencies("reverse-proxy-lbe")).not.toContain("before");
});

test("an environment that is not public has no public address, and machines of the internal load balancer only", async () => {
  const { recorder, publicAddress, internalAddress } = await build({ public: false, internalAddress: "10.20.0.254" });
  expect([publicAddress, internalAddress]).toEqual([undefined, "10.20.0.254"]);
  expect(recorder.children("reverse-proxy")).toEqual([
    "azure-native:network:LoadBalancer reverse-proxy-lbi",
    "platform:components:TierHAG reverse-proxy-machines",
  ]);
  expect(poolsOf(recorder)).toEqual([{ id: `${internalBase}/backendAddressPools/members` }]);
});

test("a reverse proxy that nobody could reach is refused", () => {
  expect(() => new ReverseProxy("reverse-proxy", { ...args, public: false })).toThrow(
    "public: given false without an internalAddress, allowed is true, or an address at which other environments call",
  );
});

test("wrong arguments are refused before the address and the load balancer are made", async () => {
  const recorder = await Recorder.start();
  const make = () => new ReverseProxy("reverse-proxy", { ...args, customData: "" });
  expect(make).toThrow(`arguments of ReverseProxy reverse-proxy; nothing was made
  customData: given 0 bytes, allowed is base64 of 1 to 65535 bytes`);
  const stack = "x".repeat(60);
  expect(() => new ReverseProxy("p", { ...args, stack })).toThrow(
    "allowed are 64; shorten the name of the stack or of the tier",
  );
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
