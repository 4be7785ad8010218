import { expect, test } from "vitest";
import { readSettings } from "./settings.ts";

const full = { metadataHost: "m", subscriptionId: "s", tenantId: "t", clientId: "c", clientSecret: "x" };

test("The stack's configuration comes before ARM_* variables.", () => {
  const environment = { ARM_SUBSCRIPTION_ID: "other", ARM_LOCATION: "uksouth", ARM_METADATA_HOSTNAME: "h" };
  expect(readSettings(full, environment)).toEqual({ ...full, environment: "public", location: "uksouth" });
  expect(readSettings({ ...full, metadataHost: "" }, environment).metadataHost).toBe("h");
});

test("Every missing setting is named at once, with the variable that would do.", () => {
  expect(() => readSettings({ metadataHost: "m", tenantId: "t" }, {})).toThrow(
    "azure-native:subscriptionId (or ARM_SUBSCRIPTION_ID), azure-native:clientId (or ARM_CLIENT_ID), azure-native:cl",
  );
});
