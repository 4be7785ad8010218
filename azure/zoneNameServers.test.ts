import * as pulumi from "@pulumi/pulumi";
import { expect, test, vi } from "vitest";
import { error, restTo, subscriptionId } from "./testing/subscription.ts";
import { zoneNameServers } from "./zoneNameServers.ts";

const azure = vi.hoisted((): { rest: unknown } => ({ rest: undefined }));
vi.mock("./arm.ts", () => ({ connect: () => Promise.resolve({ rest: azure.rest }) }));

const cloud = { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" };
const zone = { environment: "development", stack: "dev", domain: "dev.chatbot.example", name: "dev" };
const path = `/subscriptions/${subscriptionId}/resourceGroups/rg-platform-dev/providers/Microsoft.Network/dnsZones/dev.chatbot.example`;

function asked(answer: () => Response, zones = [zone]) {
  azure.rest = restTo(({ url: { pathname } }) => (pathname === path ? answer() : error(500, "Wrong", pathname)));
  return zoneNameServers(cloud, zones);
}

test("a zone that stands tells its name servers, and one that does not is left out", async () => {
  const nameServers = ["ns1-01.azure-dns.com.", "ns2-01.azure-dns.net."];
  expect(await asked(() => Response.json({ properties: { nameServers } }))).toEqual({ [zone.domain]: nameServers });
  expect(await asked(() => error(404, "ResourceGroupNotFound", "no"))).toEqual({});
});

test("nothing is asked where no zone lies below", async () => {
  expect(await asked(() => error(500, "Asked", "it was asked"), [])).toEqual({});
});

test("where Azure does not tell, that ends the run", async () => {
  const failure = await asked(() => error(403, "AuthorizationFailed", "no")).catch((thrown: unknown) => thrown);
  expect(pulumi.RunError.isInstance(failure)).toBe(true);
  expect((failure as Error).message).toMatch(/^Azure does not tell the name servers of dev.chatbot.example/);
});
