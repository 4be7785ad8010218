import * as pulumi from "@pulumi/pulumi";
import { expect, test, vi } from "vitest";
import type { PlannedPeer } from "../environment/peers.ts";
import { peerNetworks } from "./peerNetworks.ts";
import { error, restTo, subscriptionId } from "./testing/subscription.ts";

const azure = vi.hoisted((): { rest: unknown; asked: string[] } => ({ rest: undefined, asked: [] }));
vi.mock("./arm.ts", () => ({ connect: () => Promise.resolve({ rest: azure.rest }) }));

const cloud = { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" };
const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-platform-tools/providers/Microsoft.Network`;
const network = `${group}/virtualNetworks/vnet-platform-tools`;
const zone = `${group}/privateDnsZones/tools.chatbot.internal`;

const peer: PlannedPeer = {
  ...{ environment: "toolbox", stack: "tools", network: "10.30.0.0/16", privateDomain: "tools.chatbot.internal" },
  ...{ makes: true, reaches: [], admits: [] },
};

/** What is found of peers where ARM answers these paths. */
async function found(answers: Record<string, () => Response>, peers: PlannedPeer[] = [peer]) {
  azure.asked = [];
  azure.rest = restTo(({ method, url: { pathname, search } }) => {
    azure.asked.push(`${method} ${pathname}${search}`);
    return answers[pathname]?.() ?? error(404, "ResourceNotFound", "was not found");
  });
  return peerNetworks(cloud, peers);
}

const standing = {
  [network]: () => Response.json({ properties: { resourceGuid: "guid-1" } }),
  [zone]: () => Response.json({ name: "tools.chatbot.internal" }),
};

test("a network that stands is known by its ID, and by what another one of its name would not have", async () => {
  expect(await found(standing)).toEqual([{ peer, id: network, guid: "guid-1", missing: [] }]);
  expect(azure.asked.sort()).toEqual([`GET ${zone}?api-version=2024-06-01`, `GET ${network}?api-version=2024-05-01`]);
});

test("of an environment that does not stand, or in part, it is told what is missing", async () => {
  expect(await found({})).toEqual([
    {
      ...{ peer, id: network, guid: undefined },
      missing: ["rg-platform-tools/vnet-platform-tools", "rg-platform-tools/tools.chatbot.internal"],
    },
  ]);
  expect(await found({ [network]: standing[network]! })).toMatchObject([
    { guid: "guid-1", missing: ["rg-platform-tools/tools.chatbot.internal"] },
  ]);
});

test("nothing is asked where another stack makes the peering", async () => {
  expect(await found(standing, [{ ...peer, makes: false }])).toEqual([]);
  expect(azure.asked).toEqual([]);
});

test("where Azure does not tell, that ends the run", async () => {
  const forbidden = () => error(403, "AuthorizationFailed", "no");
  const failure = await found({ ...standing, [zone]: forbidden }).catch((thrown: unknown) => thrown);
  expect(pulumi.RunError.isInstance(failure)).toBe(true);
  expect((failure as Error).message).toMatch(/^Azure does not tell whether the network of toolbox stands; nothing was/);
  expect((failure as Error).message).toContain("403 AuthorizationFailed no\n");
  expect((failure as Error).message).toContain("to read in rg-platform-tools, for example by the role Reader");
});
