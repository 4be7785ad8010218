import { expect, test } from "vitest";
import { readSettings } from "./settings.ts";

const full = { metadataHost: "m", subscriptionId: "s", tenantId: "t", clientId: "c", clientSecret: "x" };

test("The stack's configuration comes before ARM_* variables.", () => {
  const environment = { ARM_SUBSCRIPTION_ID: "other", ARM_LOCATION: "uksouth", ARM_METADATA_HOSTNAME: "h" };
  const { clientSecret, ...rest } = full;
  const login = { clientSecret };
  expect(readSettings(full, environment)).toEqual({ ...rest, login, environment: "public", location: "uksouth" });
  expect(readSettings({ ...full, metadataHost: "" }, environment).metadataHost).toBe("h");
});

test("Every missing setting is named at once, with the variable that would do.", () => {
  expect(() => readSettings({ metadataHost: "m", tenantId: "t" }, {})).toThrow(
    "azure-native:subscriptionId (or ARM_SUBSCRIPTION_ID), azure-native:clientId (or ARM_CLIENT_ID), azure-native:cl",
  );
});

test("A token of a trusted issuer takes the place of a secret, where ARM_USE_OIDC says true, as with the real plugin.", () => {
  const { clientSecret, ...rest } = full;
  const token = { ARM_USE_OIDC: "true", ARM_OIDC_TOKEN: "token", ARM_OIDC_TOKEN_FILE_PATH: "/file" };
  const loginOf = (variables: Record<string, string>, environment: NodeJS.ProcessEnv) =>
    readSettings(variables, environment).login;
  expect(loginOf(rest, token)).toEqual({ oidcToken: "token" });
  expect(loginOf(rest, { ...token, ARM_OIDC_TOKEN: "" })).toEqual({ oidcTokenFilePath: "/file" });
  expect(loginOf({ ...rest, useOidc: "true", oidcTokenFilePath: "/other" }, {})).toEqual({
    oidcTokenFilePath: "/other",
  });
  expect(loginOf({ ...rest, clientSecret }, token)).toEqual({ clientSecret });
  expect(() => loginOf(rest, { ...token, ARM_USE_OIDC: "1" })).toThrow(
    "needs azure-native:clientSecret (or ARM_CLIENT_SECRET)",
  );
  expect(() => loginOf(rest, { ARM_USE_OIDC: "true" })).toThrow("needs azure-native:oidcToken (or ARM_OIDC_TOKEN)");
});
