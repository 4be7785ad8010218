import * as pulumi from "@pulumi/pulumi";
import { expect, test, vi } from "vitest";
import { standingIn } from "./standing.ts";
import { loadBalancer, pages, scaleSet } from "./testing/arm.ts";

const azure = vi.hoisted((): { sets: () => unknown; balancers: () => unknown } => ({
  sets: () => [],
  balancers: () => [],
}));

vi.mock("./arm.ts", () => ({
  connect: () =>
    Promise.resolve({
      compute: { virtualMachineScaleSets: { list: () => azure.sets() } },
      network: { loadBalancers: { list: () => azure.balancers() } },
    }),
}));

const asked = (sets: () => unknown, balancers: () => unknown) => {
  Object.assign(azure, { sets, balancers });
  return standingIn(
    { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" },
    "rg-platform-test",
  );
};

/** As the clients refuse lists. */
async function* refusing(statusCode: number, code: string) {
  const message = `Pagination failed with unexpected statusCode ${statusCode}`;
  yield await Promise.reject(Object.assign(new Error(message), { statusCode, code }));
}
const unregistered = () => refusing(409, "MissingSubscriptionRegistration");
const sets = () => pages([scaleSet("vmss-a", 4)]);

test("scale sets and load balancers stand in a resource group, none while there is no such group", async () => {
  const standing = await asked(sets, () => pages([loadBalancer("lb-a", { 4000: "service" }, {})]));
  expect(standing.scaleSets.get("vmss-a")?.capacity).toBe(4);
  expect([...standing.ports.keys()]).toEqual(["lb-a"]);
  const none = () => refusing(404, "ResourceGroupNotFound");
  expect(await asked(none, none)).toEqual({ scaleSets: new Map(), ports: new Map() });
});

test("of what the subscription is not registered for, nothing stands", async () => {
  expect((await asked(sets, unregistered)).scaleSets.size).toBe(1);
  expect(await asked(unregistered, unregistered)).toEqual({ scaleSets: new Map(), ports: new Map() });
});

test("what Azure does not tell ends the run with its code", async () => {
  const failure = await asked(sets, () => refusing(403, "AuthorizationFailed")).catch((thrown: unknown) => thrown);
  expect(pulumi.RunError.isInstance(failure)).toBe(true);
  expect((failure as Error).message).toContain(`load balancers of rg-platform-test; nothing was changed.
  AuthorizationFailed Pagination failed with unexpected statusCode 403
`);
  await expect(asked(() => refusing(409, "Conflict"), unregistered)).rejects.toThrow("the scale sets of");
});
