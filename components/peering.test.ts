import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import { expect, test } from "vitest";
import { Peering, type PeeringArgs } from "./peering.ts";
import { Recorder, resourceGroupId } from "./testing/recorder.ts";
import { common } from "./testing/stack.ts";

const here = `${resourceGroupId}/providers/Microsoft.Network/virtualNetworks/vnet-platform-test`;
const there = "/subscriptions/0000/resourceGroups/rg-platform-tools/providers/Microsoft.Network/virtualNetworks/v";

const args: PeeringArgs = {
  ...common,
  networkId: here,
  privateDomain: "test.chatbot.internal",
  peer: { stack: "tools", privateDomain: "tools.chatbot.internal" },
  peerNetworkId: there,
  peerNetworkGuid: "guid-1",
};

const half = "azure-native:network:VirtualNetworkPeering";
const link = "azure-native:privatedns:VirtualNetworkLink";

async function build(change: Partial<PeeringArgs> = {}) {
  const recorder = await Recorder.start();
  new Peering("peering-tools", { ...args, ...change });
  await recorder.settle();
  return recorder;
}

test("both networks are peered, each in its own resource group, and nobody passes on what comes from elsewhere", async () => {
  const recorder = await build();
  expect(recorder.children("peering-tools")).toEqual([
    `${half} peering-tools-here`,
    `${half} peering-tools-there`,
    `${link} peering-tools-here-link`,
    `${link} peering-tools-there-link`,
  ]);
  const traffic = {
    ...{ allowVirtualNetworkAccess: true, allowForwardedTraffic: false },
    ...{ allowGatewayTransit: false, useRemoteGateways: false },
  };
  expect(recorder.one(half, "peering-tools-here").inputs).toEqual({
    ...traffic,
    virtualNetworkPeeringName: "peer-platform-test-tools",
    resourceGroupName: "rg-platform-test",
    virtualNetworkName: "vnet-platform-test",
    remoteVirtualNetwork: { id: there },
  });
  expect(recorder.one(half, "peering-tools-there").inputs).toEqual({
    ...traffic,
    virtualNetworkPeeringName: "peer-platform-tools-test",
    resourceGroupName: "rg-platform-tools",
    virtualNetworkName: "vnet-platform-tools",
    remoteVirtualNetwork: { id: here },
  });
});

test("each private zone is linked to the other network, by the name of the network's stack", async () => {
  const recorder = await build();
  expect(recorder.one(link, "peering-tools-here-link").inputs).toMatchObject({
    virtualNetworkLinkName: "vnetlink-platform-tools",
    resourceGroupName: "rg-platform-test",
    privateZoneName: "test.chatbot.internal",
    virtualNetwork: { id: there },
    registrationEnabled: false,
    tags: { environment: "development" },
  });
  expect(recorder.one(link, "peering-tools-there-link").inputs).toMatchObject({
    virtualNetworkLinkName: "vnetlink-platform-test",
    resourceGroupName: "rg-platform-tools",
    privateZoneName: "tools.chatbot.internal",
    virtualNetwork: { id: here },
    registrationEnabled: false,
  });
});

test("nothing of it is made before what it is made of, and one half after the other", async () => {
  const recorder = await Recorder.start();
  const before = new ResourceGroup("before");
  new Peering("peering-tools", { ...args, after: [before] });
  await recorder.settle();
  const dependencies = recorder.resources
    .filter(({ parent }) => parent === "peering-tools")
    .map(({ name, dependencies }) => [name, dependencies] as const);
  expect(Object.fromEntries(dependencies)).toEqual({
    "peering-tools-here": ["before"],
    "peering-tools-here-link": ["before"],
    "peering-tools-there": ["peering-tools-here"],
    "peering-tools-there-link": ["before"],
  });
});

test("where the other network was made anew, all of it is made anew, under the same names", async () => {
  const triggers = async (change: Partial<PeeringArgs>) =>
    (await build(change)).resources
      .filter(({ custom }) => custom)
      .map(({ replacementTrigger, deleteBeforeReplace }) => [replacementTrigger, deleteBeforeReplace]);
  expect(await triggers({})).toEqual(Array(4).fill(["guid-1", true]));
  expect(await triggers({ peerNetworkGuid: "guid-2" })).toEqual(Array(4).fill(["guid-2", true]));
});

test("an environment is not peered with itself", () => {
  const peer = { stack: "test", privateDomain: "test.chatbot.internal" };
  expect(() => new Peering("peering", { ...args, peer })).toThrow(`arguments of Peering peering; nothing was made
  peer.stack: given test, allowed is another stack than this one
  peer.privateDomain: given test.chatbot.internal, allowed is another domain than this environment's`);
});
