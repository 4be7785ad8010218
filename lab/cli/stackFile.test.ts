import { expect, test } from "vitest";
import { withoutSecrets } from "./stackFile.ts";

test("nothing that was encrypted for the project's stack is left, at any depth", () => {
  expect(withoutSecrets({
    encryptionsalt: "v1:theirs", secretsprovider: "azurekeyvault://theirs", encryptedkey: "theirs",
    config: {
      "azure-native:location": "westeurope",
      "azure-native:clientSecret": { secure: "v1:theirs" },
      "platform:environment": { network: "10.20.0.0/16", token: { secure: "v1:theirs" }, keys: ["plain", { secure: "v1:theirs" }] },
    },
  })).toEqual({ config: {
    "azure-native:location": "westeurope",
    "platform:environment": { network: "10.20.0.0/16", keys: ["plain"] },
  } });
});

test("what only looks like a secret stays", () => {
  const file = { config: { "platform:a": { secure: true, name: "x" }, "platform:b": { secure: true }, "platform:c": null } };
  expect(withoutSecrets(file)).toEqual(file);
});
