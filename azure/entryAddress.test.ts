import * as pulumi from "@pulumi/pulumi";
import { expect, test, vi } from "vitest";
import { addressOfEntry } from "./entryAddress.ts";
import { error, restTo, subscriptionId } from "./testing/subscription.ts";

const azure = vi.hoisted((): { rest: unknown } => ({ rest: undefined }));
vi.mock("./arm.ts", () => ({ connect: () => Promise.resolve({ rest: azure.rest }) }));

const cloud = { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" };
const entry = { environment: "production", stack: "prod", domain: "chatbot.example" };
const path = `/subscriptions/${subscriptionId}/resourceGroups/rg-platform-prod/providers/Microsoft.Network/publicIPAddresses/pip-platform-prod`;

function asked(answer: () => Response, proxies: Parameters<typeof addressOfEntry>[1] = { public: false, entry }) {
  azure.rest = restTo(({ url: { pathname } }) => (pathname === path ? answer() : error(500, "Wrong", pathname)));
  return addressOfEntry(cloud, proxies);
}

test("an environment behind another one is entered at that one's public address, once it is there", async () => {
  expect(await asked(() => Response.json({ properties: { ipAddress: "198.51.100.32" } }))).toBe("198.51.100.32");
  expect(await asked(() => Response.json({ properties: {} }))).toBeUndefined();
  expect(await asked(() => error(404, "ResourceGroupNotFound", "no"))).toBeUndefined();
});

test("an environment with an address of its own, or without an entry, asks for none", async () => {
  const never = () => error(500, "Asked", "it was asked");
  expect(await asked(never, { public: true, entry })).toBeUndefined();
  expect(await asked(never, { public: false })).toBeUndefined();
});

test("where Azure does not tell, that ends the run", async () => {
  const failure = await asked(() => error(403, "AuthorizationFailed", "no")).catch((thrown: unknown) => thrown);
  expect(pulumi.RunError.isInstance(failure)).toBe(true);
  expect((failure as Error).message).toMatch(/^Azure does not tell the public address of production, by which/);
});
