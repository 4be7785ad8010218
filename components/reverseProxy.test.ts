import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { ReverseProxy } from "./reverseProxy.ts";
import { Recorder, resourceGroupId, valueOf } from "./testing/recorder.ts";
import { common, plan, subnetId } from "./testing/stack.ts";

async function build() {
  const recorder = await Recorder.start();
  const proxy = new ReverseProxy("reverse-proxy", {
    ...common,
    machines: plan.reverseProxy,
    subnetId,
    customData: "cHJveHk=",
  });
  const [urn, publicAddress, [scaleSetId]] = await Promise.all([
    valueOf(proxy.urn),
    valueOf(proxy.publicAddress),
    valueOf(pulumi.all(proxy.nodes.machines.scaleSetIds)),
  ]);
  await recorder.settle();
  return { recorder, urn, publicAddress, scaleSetId };
}

const base = `${resourceGroupId}/providers/Microsoft.Network/loadBalancers/lbe-platform-test`;

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
  const rules = inputs["loadBalancingRules"] as Record<string, unknown>[];
  expect(rules.map(({ name, frontendPort, backendPort, probe }) => [name, frontendPort, backendPort, probe])).toEqual([
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
  const { recorder } = await build();
  expect(recorder.one("azure-native:compute:VirtualMachineScaleSet").inputs).toMatchObject({
    virtualMachineProfile: {
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            ipConfigurations: [
              {
                subnet: { id: subnetId },
                loadBalancerBackendAddressPools: [{ id: `${base}/backendAddressPools/members` }],
              },
            ],
          },
        ],
      },
    },
  });
});

test("wrong arguments are refused before the address and the load balancer are made", async () => {
  const recorder = await Recorder.start();
  const make = () =>
    new ReverseProxy("reverse-proxy", { ...common, machines: plan.reverseProxy, subnetId, customData: "" });
  expect(make).toThrow(`arguments of ReverseProxy reverse-proxy; nothing was made
  customData: given 0 bytes, allowed is base64 of 1 to 65535 bytes`);
  const stack = "x".repeat(60);
  expect(
    () => new ReverseProxy("p", { ...common, stack, machines: plan.reverseProxy, subnetId, customData: "YQ==" }),
  ).toThrow("allowed are 64; shorten the name of the stack or of the tier");
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
