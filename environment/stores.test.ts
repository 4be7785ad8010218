import { expect, test } from "vitest";
import { refreshSeconds } from "./stores.ts";
import { dev, mistakes } from "./testing/mistakes.ts";
import { committed, planOf } from "./testing/stacks.ts";

const at = "platform:environment";
const of = (given: { vault?: unknown; storage?: unknown }) => dev((environment) => Object.assign(environment, given));

test("vault and account have names that follow from stack and domain, and that no other owner has", () => {
  const { vault, storage } = planOf("dev");
  expect(vault.name).toMatch(/^kv-dev-[0-9a-f]{8}$/);
  expect(storage.name).toBe(`stdev${vault.name.slice(-8)}`);
  const elsewhere = dev((environment) => {
    environment["domain"] = "dev.other.example";
    environment.reverseProxy.routes = [];
  });
  expect(planOf("dev", elsewhere).vault.name).not.toBe(vault.name);
  expect(planOf("dev", of({ vault: { name: "kv-mine" }, storage: { name: "stmine" } }))).toMatchObject({
    vault: { name: "kv-mine" },
    storage: { name: "stmine" },
  });
});

const vaultNames =
  "3 to 24 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen";

test.each(["kv", "Kv-dev", "1kv", "kv--dev", "kv-dev-", "kv_dev", "k".repeat(25)])("no vault is called %s", (name) => {
  expect(mistakes({ environment: of({ vault: { name } }) })).toEqual([[`${at}.vault.name`, `"${name}"`, vaultNames]]);
});

test.each(["st", "Stdev", "st-dev", "s".repeat(25)])("no storage account is called %s", (name) => {
  expect(mistakes({ environment: of({ storage: { name } }) })).toEqual([
    [`${at}.storage.name`, `"${name}"`, "3 to 24 lower-case letters and digits"],
  ]);
});

test("a stack whose name makes none that Azure takes is told where to give others", () => {
  const stack = "preproduction-eu";
  const { domain } = committed("dev") as { domain: string };
  expect(domain).toBe("dev.chatbot.example");
  expect(mistakes({ stack })).toEqual([
    [
      `${at}.vault.name`,
      expect.stringMatching(/^kv-preproduction-eu-\w{8} \(28 characters\), which follows from the name of the stack$/),
      vaultNames,
    ],
    [
      `${at}.storage.name`,
      expect.stringMatching(/^stpreproductioneu\w{8} \(25 characters\), which follows/),
      "3 to 24 lower-case letters and digits",
    ],
  ]);
  const environment = of({ vault: { name: "kv-preproduction-eu" }, storage: { name: "stpreproductioneu" } });
  expect(mistakes({ stack, environment })).toEqual([]);
});

test.each([
  ["PT5S", 5],
  ["PT30S", 30],
  ["PT1M", 60],
  ["PT60M", 3600],
])("machines look every %s: %i seconds", (refresh, seconds) => {
  expect(refreshSeconds(refresh)).toBe(seconds);
  expect(planOf("dev", of({ vault: { refresh } })).vault.refreshSeconds).toBe(seconds);
});

test.each(["PT4S", "PT0M", "PT61M", "PT1H", "60"])("machines do not look every %s", (refresh) => {
  expect(mistakes({ environment: of({ vault: { refresh } }) })).toEqual([
    [
      `${at}.vault.refresh`,
      `"${refresh}"`,
      "5 to 59 whole seconds or 1 to 60 whole minutes, for example PT30S or PT1M",
    ],
  ]);
});
