import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { Identities } from "./identities.ts";
import { Recorder, valueOf } from "./testing/recorder.ts";
import { common, plan } from "./testing/stack.ts";

test("each group of machines has an identity of its own", async () => {
  const recorder = await Recorder.start();
  const identities = new Identities("identities", { ...common, identities: plan.identities });
  const clientIds = await valueOf(pulumi.all(identities.clientIds));
  const id = await valueOf(identities.of("back-balancer").id);
  await recorder.settle();
  expect(recorder.children("identities")).toEqual(
    ["back", "back-balancer", "data", "front", "machine-learning", "reverse-proxy"].map(
      (group) => `azure-native:managedidentity:UserAssignedIdentity identities-${group}`,
    ),
  );
  expect(recorder.one("azure-native:managedidentity:UserAssignedIdentity", "identities-back").inputs).toEqual({
    resourceName: "id-platform-dev-back",
    resourceGroupName: "rg-platform-test",
    tags: { environment: "development", tier: "back", "managed-by": "pulumi" },
  });
  expect(clientIds).toMatchObject({ back: "client-id-platform-dev-back", data: "client-id-platform-dev-data" });
  expect(id).toMatch(/userAssignedIdentities\/id-platform-dev-back-balancer$/);
  expect(() => identities.of("video")).toThrow("given video, allowed are back, back-balancer, data");
});

test("a group twice is refused before anything is made", async () => {
  const recorder = await Recorder.start();
  const twice = [...plan.identities.slice(0, 1), ...plan.identities.slice(0, 1)];
  expect(() => new Identities("identities", { ...common, identities: twice })).toThrow(
    "identities: given back, back, allowed is each group of machines once",
  );
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
