import { expect, test } from "vitest";
import { environmentOf, withAuthority, withoutSecrets, withSettings } from "./stackFile.ts";

test("nothing that was encrypted for the project's stack is left, at any depth", () => {
  expect(
    withoutSecrets({
      encryptionsalt: "v1:theirs",
      secretsprovider: "azurekeyvault://theirs",
      encryptedkey: "theirs",
      config: {
        "azure-native:location": "westeurope",
        "azure-native:clientSecret": { secure: "v1:theirs" },
        "platform:environment": {
          network: "10.20.0.0/16",
          token: { secure: "v1:theirs" },
          keys: ["plain", { secure: "v1:theirs" }],
        },
      },
    }),
  ).toEqual({
    config: {
      "azure-native:location": "westeurope",
      "platform:environment": { network: "10.20.0.0/16", keys: ["plain"] },
    },
  });
});

test("what only looks like a secret stays", () => {
  const file = {
    config: { "platform:a": { secure: true, name: "x" }, "platform:b": { secure: true }, "platform:c": null },
  };
  expect(withoutSecrets(file)).toEqual(file);
});

test("settings change the environment at their path, with the types of YAML, and leave the file itself alone", () => {
  const file = { config: { "platform:environment": { name: "development", tiers: { back: { instances: 2 } } } } };
  expect(
    withSettings(file, ["tiers.back.instances=3", "tiers.back.autoscale.maximum=4", "zones=['1']", "name=tools"]),
  ).toEqual({
    config: {
      "platform:environment": {
        name: "tools",
        zones: ["1"],
        tiers: { back: { instances: 3, autoscale: { maximum: 4 } } },
      },
    },
  });
  expect(file.config["platform:environment"].tiers.back.instances).toBe(2);
});

test.each([
  ["tiers.back", /allowed is path=value/],
  ["=3", /allowed is path=value/],
  ["name.x=3", /name has a value/],
])("a setting that is none (%s) is refused", (setting, message) => {
  expect(() => withSettings({ config: { "platform:environment": { name: "tools" } } }, [setting])).toThrow(message);
});

test("an environment that is no mapping has no settings", () => {
  expect(environmentOf({ config: { "platform:environment": ["no mapping"] } })).toEqual({});
});

test("certificates come from the lab's authority wherever they come from one, by a profile that it is told", () => {
  const file = (tls?: object) => ({
    config: { "platform:environment": { reverseProxy: { instances: 2, ...(tls && { tls }) } } },
  });
  const directory = "https://acme.example/dir";
  const changed = (tls?: object) => withAuthority(file(tls), directory);
  expect(changed({ acme: {} })).toEqual(file({ acme: { directory, profile: "classic" } }));
  expect(changed({ redirect: false, acme: { directory: "lets-encrypt", profile: "shortlived" } })).toEqual(
    file({ redirect: false, acme: { directory, profile: "shortlived" } }),
  );
  for (const tls of [undefined, { given: ["www.chatbot.example"] }]) expect(changed(tls)).toEqual(file(tls));
  expect(withAuthority({}, directory)).toEqual({});
});
